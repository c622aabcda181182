"""A mail server for tests: speaks enough SMTP for smtplib, keeps what it accepts, refuses what it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """``accepted`` in order of arrival. ``answers`` maps a recipient to the code it is answered with."""

    port: int = 0
    accepted: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """Run a mail server on a free loopback port."""
    state = MailServer()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline():
                words = line.decode().strip()
                verb = words[:4].upper()
                if verb == "QUIT":
                    self._say("221 bye")
                    return
                if verb == "RCPT":
                    recipient = words[words.index("<") + 1 : words.index(">")]
                    self._say(f"{state.answers.get(recipient, 250)} answered")
                elif verb == "DATA":
                    self._say("354 go on")
                    self._take()
                else:
                    self._say("250 fine")

        def _take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(message, EmailMessage)
            state.accepted.append(message)
            self._say("250 kept")

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield state
        server.shutdown()
        thread.join()
