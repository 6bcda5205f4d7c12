"""Files and folders in a place where others may write too: opened without following links, and looked at for whose
they are.
"""
