"""Bills, credit notes, receipts and statements as customers get them: on the screen, on paper, as PDF.

Everything is read from the frozen copies on the document, never from today's customer, plan or price.
"""
