"""Charts as arithmetic: scales, decimation and rasters, without a widget."""
