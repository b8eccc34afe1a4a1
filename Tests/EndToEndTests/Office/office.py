"""An office whose software speaks VXP: what the vendor's library puts on the wire, and how it reads what comes.

Written from the description of the wire alone, and with nothing but Python's own library, so that it agrees
with the hub only where both agree with the description.

    office.py URL CA SYSTEMID SECRET OPERATION [name=value]... [--file F] [--form F] [--get-file OUT]
              [--body TEXT] [--resend N] [--cut N] [--hash TEXT] [--header name=value]... [--digest-of MEMBER]

Prints one JSON object: httpStatus, headers, continued, connection, reply (parsed), raw (text).
"""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import sys
from urllib.parse import urlsplit

EXPECTS = {"registerAgency", "deleteAgency", "getEdoc", "updateStatus", "countReceiveEdoc", "countReceiveStatus"}
GETS = {"downloadEdoc", "downloadEdoc2"}
TIMESTAMP = "22112026T073316+0058"


def unpadded(data):
    return "".join(format(byte, "x") for byte in hashlib.sha256(data).digest())


def sign(secret, parameters):
    text = json.dumps({"XroadVnpt-" + key: value for key, value in parameters.items()},
                      ensure_ascii=False, separators=(",", ":"))
    code = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return text, code


def connect(url, anchor):
    parts = urlsplit(url)
    plain = socket.create_connection((parts.hostname, parts.port), timeout=60)
    if parts.scheme == "http":
        return plain
    context = ssl.create_default_context(cafile=anchor)
    return context.wrap_socket(plain, server_hostname=parts.hostname)


def read_head(stream):
    lines = []
    while True:
        line = stream.readline()
        if not line:
            raise EOFError("the connection ended in a head")
        if line in (b"\r\n", b"\n"):
            return lines
        lines.append(line.decode("latin-1").rstrip("\r\n"))


def exchange(url, anchor, operation, headers, body, wait_for_continue):
    path = urlsplit(url).path
    method = "GET" if operation in GETS else "POST"
    lines = [f"{method} {path}/{operation} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    if wait_for_continue:
        lines.append("Expect: 100-continue")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    with connect(url, anchor) as link:
        stream = link.makefile("rb")
        link.sendall(head)
        continued = False
        answer = None
        if wait_for_continue:
            answer = read_head(stream)
            if answer[0].split()[1] == "100":
                continued, answer = True, None
                link.sendall(body)
        else:
            link.sendall(body)
        if answer is None:
            answer = read_head(stream)
        fields = {}
        for line in answer[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        content = stream.read(int(fields["content-length"]))
        closed = stream.read(1) == b""
    return int(answer[0].split()[1]), fields, content, continued, closed


def main(words):
    url, anchor, systemid, secret, operation = words[:5]
    parameters, extra, body, options = {}, [], b"", {}
    rest = words[5:]
    while rest:
        word = rest.pop(0)
        if word == "--header":
            extra.append(tuple(rest.pop(0).split("=", 1)))
        elif word.startswith("--"):
            options[word[2:]] = rest.pop(0)
        else:
            name, value = word.split("=", 1)
            parameters[name] = value
    content_type = "application/json"
    if operation in EXPECTS:
        body = options.get("body", "{}").encode()
    if operation == "sendEdoc":
        content_type = "application/octet-stream"
        file = open(options.get("file") or options["form"], "rb").read()
        parameters.setdefault("hash-file", options.get("hash") or unpadded(file))
        body = file + b"\r\n"
        if "form" in options:
            mark = "xk2Gd9"
            content_type = f"multipart/form-data; boundary={mark}"
            body = (f'--{mark}\r\nContent-Disposition: form-data; name="file_doc"; filename="a.edxml"\r\n'
                    "Content-Type: application/octet-stream\r\n\r\n").encode() + file + f"\r\n--{mark}--\r\n".encode()
        if "cut" in options:
            body = body[:-int(options["cut"])]
    # A client object's parameters: the system first, the time it was built at, then what the caller adds.
    signed = {"systemid": systemid, **parameters, "timestamp": TIMESTAMP, "Content-Type": content_type}
    text, code = sign(secret, signed)
    headers = [("XroadVnpt-" + name, value) for name, value in signed.items() if "\n" not in value]
    headers += [("Content-Type", content_type),
                ("XroadVnpt-sign-header-key", ";".join(signed)),
                ("XroadVnpt-sign-header", text), ("XroadVnpt-hash-header", code),
                ("User-Agent", "JAVASDKAgent/1.0.0 XRoad/VPCP"), ("XroadVnpt-version", "3.0.201608"),
                ("Accept-Encoding", "gzip,deflate"), ("Connection", "Keep-Alive")]
    if operation == "downloadEdoc2":
        headers = []
    headers += extra
    replies = []
    for _ in range(int(options.get("resend", "1"))):
        status, fields, content, continued, closed = exchange(
            url, anchor, operation, headers, body, operation in EXPECTS and body != b"")
        if "get-file" in options:
            open(options["get-file"], "wb").write(content)
            parsed = None
        else:
            # As the strictest version reads it.
            parsed = json.loads(content.decode("ascii")) if content else None
            if "digest-of" in options:
                data = base64.b64decode(parsed.pop(options["digest-of"]))
                parsed["sha256"] = hashlib.sha256(data).hexdigest()
        replies.append({"httpStatus": status, "headers": fields, "continued": continued, "closed": closed,
                        "reply": parsed, "bytes": len(content)})
    print(json.dumps(replies[0] if len(replies) == 1 else {"replies": replies}))


main(sys.argv[1:])
