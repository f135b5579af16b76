"""The pictures in docs/pictures: the real screen over two jobs that really learn on the emulator."""
