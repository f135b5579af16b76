"""How Sphinx builds these pages."""

project = "Cupola"
copyright = "the Cupola contributors"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Cupola"
exclude_patterns = ["requirements.txt"]
