"""From records to lines and cells: pure functions that know neither the store nor a widget."""
