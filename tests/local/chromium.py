"""`python chromium.py PROXY ADDRESS…`: opens pages in a headless Chromium, and prints what their scripts found.

Runs in .venv-chromium. A page has found all once its `window.found` is a text; an address that opens no page of a test
yields its text. Exits with 3 where the machine lacks a library that Chromium needs, and prints which.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"  # which can't be had as root, or in a container
os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--disable-gpu --disable-dev-shm-usage"

try:
    from PyQt6.QtCore import QCoreApplication, QTimer, QUrl
    from PyQt6.QtNetwork import QNetworkProxy
    from PyQt6.QtWebEngineCore import QWebEnginePage, qWebEngineChromiumVersion
    from PyQt6.QtWidgets import QApplication
except ImportError as error:
    print(error)  # noqa: T201 - the answer
    sys.exit(3)

LOOK = "window.found || (document.readyState == 'complete' && !window.testing ? document.body.innerText : null)"
EVERY, LONGEST = 50, 30_000
"""Milliseconds."""


class Visits:
    """Opens one address after the other, each in a page of its own."""

    def __init__(self, addresses: list[str]) -> None:
        self.left = addresses
        self.found: list[str] = []
        self.page: QWebEnginePage | None = None
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(EVERY)
        self.go_on()

    def go_on(self) -> None:
        """Open the next address, or end."""
        if not self.left:
            print(json.dumps({"version": qWebEngineChromiumVersion(), "found": self.found}))  # noqa: T201 - the answer
            QCoreApplication.quit()
            return
        self.page = QWebEnginePage()
        self.page.load(QUrl(self.left.pop(0)))

    def look(self) -> None:
        """Look whether the page has found all."""
        page = self.page

        def seen(text: str | None) -> None:
            if text is not None and page is self.page:
                self.found.append(text)
                self.go_on()

        if page and not page.isLoading():
            page.runJavaScript(LOOK, seen)


application = QApplication(sys.argv[:1])
QNetworkProxy.setApplicationProxy(QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "127.0.0.1", int(sys.argv[1])))
visits = Visits(sys.argv[2:])
QTimer.singleShot(LONGEST, lambda: application.exit(4))
sys.exit(application.exec())
