"""A small IMAP server over TLS on loopback, with one folder, that does what the reading of a mailbox asks."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mail_server import PASSWORD, USER, odd_server, server_context


@dataclass
class Folder:
    """Mails by number, and what was done to them; `trouble` names the command at which it fails."""

    mails: dict[int, bytes] = field(default_factory=dict)
    uid_validity: int = 7
    seen: set[int] = field(default_factory=set)
    trouble: str = ""
    commands: list[str] = field(default_factory=list)

    def answer(self, tag: str, line: str) -> bytes:
        command = line.split(" ", maxsplit=1)[0].upper()
        self.commands.append(line)
        if self.trouble == command or self.trouble == " ".join(line.split(" ")[:2]).upper():
            return f"{tag} NO [TROUBLE] not today\r\n".encode()
        done = f"{tag} OK done\r\n".encode()
        fixed = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 ID\r\n",
            "ID": b"* ID NIL\r\n",
            "LOGOUT": b"* BYE\r\n",
        }
        if command in fixed:
            return fixed[command] + done
        if command == "LOGIN" and not {USER, PASSWORD} <= set(line.replace('"', "").split(" ")):
            return f"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n".encode()
        if command == "SELECT":
            head = f"* {len(self.mails)} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {self.uid_validity}] x\r\n"
            return head.encode() + f"{tag} OK [READ-WRITE] done\r\n".encode()
        return (self._uid(line) if command == "UID" else b"") + done

    def _uid(self, line: str) -> bytes:
        _uid, command, rest = line.split(" ", 2)
        if command == "SEARCH":
            least = re.search(r"(\d+):\*", rest)
            # As servers do: the last one is named in any case.
            last = sorted(self.mails)[-1:]
            found = [uid for uid in sorted(self.mails) if least is None or uid >= int(least[1])] or last
            return f"* SEARCH {' '.join(map(str, found))}\r\n".encode()
        uids = [int(uid) for uid in rest.split(" ")[0].split(",")]
        if command == "STORE":
            self.seen |= set(uids)
            return b""
        found = re.search(r"<0\.(\d+)>", rest)
        assert found is not None
        most, lines = int(found[1]), b""
        for place, uid in enumerate(uids, start=1):
            if uid in self.mails:
                raw = self.mails[uid][:most]
                lines += f"* {place} FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
        return lines


@contextmanager
def imap_server(folder: Folder) -> Iterator[int]:
    """Run the server and yield its port."""
    context = server_context()

    def speak(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as encrypted:
            encrypted.sendall(b"* OK ready\r\n")
            with encrypted.makefile("rb") as lines:
                for raw in lines:
                    tag, line = raw.decode().strip().split(" ", 1)
                    if folder.trouble == f"DROP {line.split(' ')[0].upper()}":
                        return
                    encrypted.sendall(folder.answer(tag, line))
                    if line == "LOGOUT":
                        return

    with odd_server(speak) as port:
        yield port
