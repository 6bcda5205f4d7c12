"""The reporter: hands progress to the user's callback, so that a callback that blocks or raises delays nobody."""
