"""HTML pages and charts, drawn from the values that the packages below return.

`page` renders a Jinja template as a self-contained page, `highlight` marks stretches of untrusted
text, `charts` draws curves as HTML, in a terminal and as a file. The other modules hold one page
each. Nothing below the command line imports this package.
"""
