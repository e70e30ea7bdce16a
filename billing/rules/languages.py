"""The languages in which documents for customers can be written."""

LANGUAGES = (
    ("en", "English"),
    ("bn", "বাংলা (Bengali)"),
    ("es", "español (Spanish)"),
    ("pt", "português (Portuguese)"),
    ("fr", "français (French)"),
    ("ar", "العربية (Arabic)"),
)
