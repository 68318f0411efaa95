"""Charts as HTML and SVG without any script; knows neither runs nor boards."""
