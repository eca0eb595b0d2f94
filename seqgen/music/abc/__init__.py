"""Reading ABC notation: lines, lexemes, fields, and the parser."""
