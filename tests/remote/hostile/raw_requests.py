"""Requests as bytes, of the kinds by which a front server and its back server have been made to disagree.

Named after what is published about request smuggling: CL.TE, TE.CL, TE.TE, CL.0, 0.CL, chunk framing, header
obfuscation, request targets, HTTP/2 downgrades, trailers, Expect. ``REFUSED`` says with which status each is refused.
"""

from __future__ import annotations

H = b"Host: 127.0.0.1\r\n"
SMUGGLED = b"GET /prod/panda/smuggled/ HTTP/1.1\r\n" + H + b"X-Remote-User: admin\r\n\r\n"


def post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /prod/panda/jobs/ HTTP/1.1\r\n" + H + headers + b"\r\n" + body


def get(headers: bytes, body: bytes = b"", *, first: bytes = b"GET /prod/panda/jobs/ HTTP/1.1") -> bytes:
    return first + b"\r\n" + H + headers + b"\r\n" + body


def line(first: bytes) -> bytes:
    return get(b"", first=first)


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", body)


TE = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"

CONTRADICTING_LENGTHS = {
    "CL.TE": (400, post(b"Content-Length: %d\r\n" % len(LAST + SMUGGLED) + TE, LAST + SMUGGLED)),
    "TE.CL": (400, post(TE + b"Content-Length: 4\r\n", b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n" + LAST)),
    "CL.TE with equal ends": (400, post(b"Content-Length: 5\r\n" + TE, LAST)),
    "CL.CL different": (400, post(b"Content-Length: 0\r\nContent-Length: 9\r\n", b"123456789")),
    "CL.CL equal": (400, post(b"Content-Length: 1\r\nContent-Length: 1\r\n", b"x")),
    "CL as a list": (400, post(b"Content-Length: 1, 1\r\n", b"x")),
    "CL with a sign": (400, post(b"Content-Length: +1\r\n", b"x")),
    "CL negative": (400, post(b"Content-Length: -1\r\n", SMUGGLED)),
    "CL hexadecimal": (400, post(b"Content-Length: 0x1\r\n", b"x")),
    "CL with a space inside": (400, post(b"Content-Length: 1 0\r\n", b"x" * 10)),
    "CL with an underscore inside": (400, post(b"Content-Length: 1_0\r\n", b"x" * 10)),
    "CL with digits of another script": (400, post("Content-Length: \u0661\r\n".encode(), b"x")),
    "CL empty": (400, post(b"Content-Length: \r\n", SMUGGLED)),
    "CL beyond 64 bits": (400, post(b"Content-Length: 18446744073709551617\r\n", b"x")),
    "CL with a fraction": (400, post(b"Content-Length: 1.0\r\n", b"x")),
}
CODINGS = {
    "TE.TE chunked, identity": (400, post(b"Transfer-Encoding: chunked, identity\r\n", LAST)),
    "TE.TE identity, chunked": (501, post(b"Transfer-Encoding: identity, chunked\r\n", LAST)),
    "TE.TE two lines": (400, post(TE + b"Transfer-Encoding: identity\r\n", LAST)),
    "TE.TE two lines, chunked last": (501, post(b"Transfer-Encoding: identity\r\n" + TE, LAST)),
    "TE.TE chunked twice": (400, post(TE + TE, LAST)),
    "TE.TE chunked, chunked": (400, post(b"Transfer-Encoding: chunked, chunked\r\n", LAST)),
    "TE.TE mixed case names": (400, post(TE + b"transfer-ENCODING: cow\r\n", LAST)),
    "TE gzip before chunked": (501, post(b"Transfer-Encoding: gzip, chunked\r\n", LAST)),
    "TE of another name": (400, post(b"Transfer-Encoding: xchunked\r\n", LAST)),
    "TE empty": (400, post(b"Transfer-Encoding:\r\n", SMUGGLED)),
    "TE quoted": (400, post(b'Transfer-Encoding: "chunked"\r\n', LAST)),
    "TE with a parameter": (400, post(b"Transfer-Encoding: chunked;a=b\r\n", LAST)),
    "TE after a vertical tab": (400, post(b"Transfer-Encoding: \x0bchunked\r\n", LAST)),
    "TE after a form feed": (400, post(b"Transfer-Encoding: \x0cchunked\r\n", LAST)),
    "TE after NUL": (400, post(b"Transfer-Encoding: \x00chunked\r\n", LAST)),
    "TE after a non-breaking space": (400, post(b"Transfer-Encoding: \xa0chunked\r\n", LAST)),
    "TE before a space and a colon": (400, post(b"Transfer-Encoding : chunked\r\n", LAST)),
    "TE before a tab and a colon": (400, post(b"Transfer-Encoding\t: chunked\r\n", LAST)),
    "TE folded": (400, post(b"Transfer-Encoding:\r\n chunked\r\n", LAST)),
    "TE hidden behind a bare CR": (400, post(b"X: y\rTransfer-Encoding: chunked\r\n", LAST)),
    "TE hidden behind a bare LF": (400, post(b"X: y\nTransfer-Encoding: chunked\r\n", LAST)),
    "TE in HTTP/1.0": (400, get(TE, LAST, first=b"POST /prod/panda/jobs/ HTTP/1.0")),
    "TE identity alone": (400, post(b"Transfer-Encoding: identity\r\n", SMUGGLED)),
}
CHUNKS = {
    "size is no number": (400, chunked(b"zz\r\nabc\r\n" + LAST)),
    "size with 0x": (400, chunked(b"0x3\r\nabc\r\n" + LAST)),
    "size with a sign": (400, chunked(b"+3\r\nabc\r\n" + LAST)),
    "size negative": (400, chunked(b"-3\r\nabc\r\n" + LAST)),
    "size with an underscore": (400, chunked(b"0_3\r\nabc\r\n" + LAST)),
    "size after a space": (400, chunked(b" 3\r\nabc\r\n" + LAST)),
    "size before a space": (400, chunked(b"3 \r\nabc\r\n" + LAST)),
    "size empty": (400, chunked(b"\r\nabc\r\n" + LAST)),
    "size beyond 64 bits": (400, chunked(b"10000000000000003\r\nabc\r\n" + LAST)),
    "size line ends with LF": (400, chunked(b"3\nabc\r\n" + LAST)),
    "size line ends with CR CR LF": (400, chunked(b"3\r\r\nabc\r\n" + LAST)),
    "data longer than its size": (400, chunked(b"3\r\nabcdef\r\n" + LAST)),
    "data ends with LF": (400, chunked(b"3\r\nabc\n" + LAST)),
    "data ends with two other bytes": (400, chunked(b"3\r\nabcXX" + LAST)),
    "extension with LF": (400, chunked(b"3;a=\nb\r\nabc\r\n" + LAST)),
    "extension with CR": (400, chunked(b"3;a=\rb\r\nabc\r\n" + LAST)),
    "extension that hides a line": (400, chunked(b'3;a="\r\nabc\r\n' + LAST)),
    "extension without a name": (400, chunked(b"3;\r\nabc\r\n" + LAST)),
    "extension without an end": (400, chunked(b"3;" + b"a" * 10_000 + b"\r\nabc\r\n" + LAST)),
    "extension after a space": (400, chunked(b"3 ;a\r\nabc\r\n" + LAST)),
    "last chunk ends with LF": (400, chunked(b"3\r\nabc\r\n0\n\n")),
    "trailer with a space in its name": (400, chunked(b"0\r\nX A: b\r\n\r\n")),
    "trailer folded": (400, chunked(b"0\r\nX: a\r\n b\r\n\r\n")),
    "trailer with NUL": (400, chunked(b"0\r\nX: a\x00b\r\n\r\n")),
    "trailers without an end": (400, chunked(b"0\r\n" + b"X: y\r\n" * 5000)),
}
HEADERS = {
    "obs-fold": (400, get(b"X-A: b\r\n c\r\n")),
    "obs-fold with a tab": (400, get(b"X-A: b\r\n\tX-Remote-User: admin\r\n")),
    "first header line begins with a space": (
        400,
        b"GET /prod/panda/ HTTP/1.1\r\n X-Remote-User: admin\r\n" + H + b"\r\n",
    ),
    "bare CR in a value": (400, get(b"X-A: b\rX-Remote-User: admin\r\n")),
    "bare LF ends a line": (400, get(b"X-A: b\nX-Remote-User: admin\r\n")),
    "bare LF ends all lines": (400, b"GET /prod/panda/ HTTP/1.1\nHost: 127.0.0.1\n\n"),
    "CR CR LF ends a line": (400, get(b"X-A: b\r\r\n")),
    "NUL in a value": (400, get(b"X-A: b\x00c\r\n")),
    "NUL in a name": (400, get(b"X\x00A: b\r\n")),
    "vertical tab in a name": (400, get(b"X-Remote-User\x0b: admin\r\n")),
    "delete in a value": (400, get(b"X-A: b\x7fc\r\n")),
    "space in a name": (400, get(b"X A: b\r\n")),
    "space before the colon": (400, get(b"X-Remote-User : admin\r\n")),
    "tab before the colon": (400, get(b"X-Remote-User\t: admin\r\n")),
    "no colon": (400, get(b"X-Remote-User admin\r\n")),
    "no name": (400, get(b": admin\r\n")),
    "8-bit name": (400, get(b"X-Remote-User\xc2\xa0: admin\r\n")),
    "brackets in a name": (400, get(b"X[A]: b\r\n")),
    "no Host": (400, b"GET /prod/panda/ HTTP/1.1\r\n\r\n"),
    "two hosts": (400, get(b"Host: evil.example\r\n")),
    "two equal hosts": (400, get(H)),
    "hosts as a list": (400, b"GET /prod/panda/ HTTP/1.1\r\nHost: 127.0.0.1, evil.example\r\n\r\n"),
    "host with a user": (400, b"GET /prod/panda/ HTTP/1.1\r\nHost: a@127.0.0.1\r\n\r\n"),
    "host with a path": (400, b"GET /prod/panda/ HTTP/1.1\r\nHost: 127.0.0.1/x\r\n\r\n"),
    "host with a port that is none": (400, b"GET /prod/panda/ HTTP/1.1\r\nHost: 127.0.0.1:80:80\r\n\r\n"),
    "too many headers": (431, get(b"X-A: b\r\n" * 300)),
    "too large a header": (431, get(b"Cookie: " + b"a" * 60_000 + b"\r\n")),
    "h2c upgrade": (
        400,
        get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
    ),
    "unknown expectation": (417, post(b"Expect: 200-ok\r\nContent-Length: 1\r\n", b"x")),
    "Expect with an obfuscated value": (417, post(b"Expect: y 100-continue\r\nContent-Length: 1\r\n", b"x")),
    "Expect twice": (417, post(b"Expect: 100-continue\r\n" * 2 + b"Content-Length: 1\r\n", b"x")),
    "Expect as a list": (417, post(b"Expect: 100-continue, 100-continue\r\nContent-Length: 1\r\n", b"x")),
}
LINES = {
    "absolute form of another host": (400, line(b"GET http://evil.example/prod/panda/ HTTP/1.1")),
    "absolute form with a user": (400, line(b"GET http://a@127.0.0.1/prod/panda/ HTTP/1.1")),
    "absolute form of another port": (400, line(b"GET http://127.0.0.1:81/prod/panda/ HTTP/1.1")),
    "absolute form of another scheme": (400, line(b"GET ftp://127.0.0.1/prod/panda/ HTTP/1.1")),
    "absolute form without a host": (400, line(b"GET http:///prod/panda/ HTTP/1.1")),
    "asterisk form": (400, line(b"GET * HTTP/1.1")),
    "authority form": (400, line(b"GET 127.0.0.1:80 HTTP/1.1")),
    "relative form": (400, line(b"GET prod/panda/ HTTP/1.1")),
    "connect": (405, line(b"CONNECT 127.0.0.1:22 HTTP/1.1")),
    "trace": (405, line(b"TRACE /prod/panda/ HTTP/1.1")),
    "lower-case method": (405, line(b"get /prod/panda/ HTTP/1.1")),
    "unknown method": (405, line(b"BREW /prod/panda/ HTTP/1.1")),
    "method with a control character": (400, line(b"GE\x01T /prod/panda/ HTTP/1.1")),
    "fragment": (400, line(b"GET /prod/panda/#x HTTP/1.1")),
    "space in the target": (400, line(b"GET /prod/panda/ HTTP/1.1 HTTP/1.1")),
    "two spaces": (400, line(b"GET  /prod/panda/ HTTP/1.1")),
    "tab for a space": (400, line(b"GET\t/prod/panda/ HTTP/1.1")),
    "space at the start": (400, line(b" GET /prod/panda/ HTTP/1.1")),
    "space at the end": (400, line(b"GET /prod/panda/ HTTP/1.1 ")),
    "8-bit target": (400, line(b"GET /prod/panda/\xff HTTP/1.1")),
    "NUL in the target": (400, line(b"GET /prod/panda/\x00 HTTP/1.1")),
    "no version": (400, line(b"GET /prod/panda/")),
    "HTTP/0.9": (400, b"GET /prod/panda/\r\n\r\n"),
    "HTTP/1.2": (505, line(b"GET /prod/panda/ HTTP/1.2")),
    "HTTP/2.0": (505, line(b"GET /prod/panda/ HTTP/2.0")),
    "HTTP/11": (400, line(b"GET /prod/panda/ HTTP/11")),
    "another protocol": (400, line(b"GET /prod/panda/ ICY/1.1")),
    "lower-case protocol": (400, line(b"GET /prod/panda/ http/1.1")),
    "HTTP/2 preface": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/2 preface with frames": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
    "TLS where none is spoken": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50),
    "two empty lines first": (400, b"\r\n\r\n" + get(b"")),
    "endless target": (414, b"GET /prod/" + b"a" * 60_000),
}
REFUSED: dict[str, tuple[int, bytes]] = {
    f"{group}: {name}": case
    for group, cases in {
        "lengths": CONTRADICTING_LENGTHS,
        "codings": CODINGS,
        "chunks": CHUNKS,
        "headers": HEADERS,
        "request line": LINES,
    }.items()
    for name, case in cases.items()
}
