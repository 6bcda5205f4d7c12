"""Real browsers: finding one, starting it in a group and folder of its own, reading pages, downloading by click.

The only place that knows Selenium. Import from `actors.browser.launch`, `.find` and `.profiles`.
"""
