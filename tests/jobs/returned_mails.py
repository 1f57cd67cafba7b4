"""Mails as servers and people send them back, made after real ones; %ID% and %TO% are of the first mail."""

from __future__ import annotations

from base64 import b64encode

POSTFIX = b"""Return-Path: <>
Received: by mx.maker.cn (Postfix) id 4C1D2A0E; Mon, 11 Mar 2024 08:00:12 +0800 (CST)
Date: Mon, 11 Mar 2024 08:00:12 +0800 (CST)
From: MAILER-DAEMON@mx.maker.cn (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: service@maker.cn
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4C1D.1710115212/mx.maker.cn"
Message-Id: <20240311000012.4C1D2A0E@mx.maker.cn>

This is a MIME-encapsulated message.

--4C1D.1710115212/mx.maker.cn
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.maker.cn.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<%TO%>: host mail.example.com[192.0.2.9] said: 550 5.1.1 <%TO%>:
    Recipient address rejected: User unknown in virtual mailbox table (in reply
    to RCPT TO command)

--4C1D.1710115212/mx.maker.cn
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.maker.cn
X-Postfix-Queue-ID: 4C1D2A0E
Arrival-Date: Mon, 11 Mar 2024 08:00:10 +0800 (CST)

Final-Recipient: rfc822; %TO%
Original-Recipient: rfc822;%TO%
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <%TO%>: Recipient address rejected: User
    unknown in virtual mailbox table

--4C1D.1710115212/mx.maker.cn
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Received: from panel (unknown [192.0.2.2]) by mx.maker.cn (Postfix)
Message-ID: %ID%
From: =?utf-8?b?5ZSu5ZCO?= <service@maker.cn>
To: <%TO%>
Subject: x

--4C1D.1710115212/mx.maker.cn--
"""

POSTFIX_DELAYED = (
    POSTFIX.replace(b"Action: failed", b"Action: delayed")
    .replace(b"Status: 5.1.1", b"Status: 4.4.1")
    .replace(b"Undelivered Mail Returned to Sender", b"Delayed Mail (still being retried)")
    .replace(b"550 5.1.1", b"451 4.4.1")
    .replace(b"<20240311000012", b"<20240311040012")
)

EXCHANGE = """Return-Path: <>
From: =?gb2312?B?TWljcm9zb2Z0IE91dGxvb2s=?=
 <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>
To: service@maker.cn
Subject: =?gb2312?B?zrS0q7XdOiB4?=
Date: Mon, 11 Mar 2024 00:01:02 +0000
Message-ID: <7d3c2f7e-0c1a-4c65-9a1f-3d1c1a0b9f0d@EX01.example.com>
In-Reply-To: %ID%
X-MS-Exchange-Message-Is-Ndr:
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="b84e1e27-f3c6-4a5e-9f6b-0d2f0f1f6f77"
MIME-Version: 1.0

--b84e1e27-f3c6-4a5e-9f6b-0d2f0f1f6f77
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="aa5a1d4e-1cf9-47b3-9e7a-d3a4a0a3f0c9"

--aa5a1d4e-1cf9-47b3-9e7a-d3a4a0a3f0c9
Content-Type: text/plain; charset="gb2312"
Content-Transfer-Encoding: base64

%CHINESE%
--aa5a1d4e-1cf9-47b3-9e7a-d3a4a0a3f0c9
Content-Type: text/html; charset="us-ascii"

<html><body><script>alert(1)</script><p>Could not be delivered.</p></body></html>
--aa5a1d4e-1cf9-47b3-9e7a-d3a4a0a3f0c9--

--b84e1e27-f3c6-4a5e-9f6b-0d2f0f1f6f77
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.example.com
Received-From-MTA: dns;mx.maker.cn
Arrival-Date: Mon, 11 Mar 2024 00:01:01 +0000

Original-Recipient: rfc822;%TO%
Final-Recipient: rfc822;%TO%
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--b84e1e27-f3c6-4a5e-9f6b-0d2f0f1f6f77
Content-Type: message/rfc822

Message-ID: %ID%
From: service@maker.cn
To: %TO%
Subject: x
MIME-Version: 1.0
Content-Type: text/plain

--b84e1e27-f3c6-4a5e-9f6b-0d2f0f1f6f77--
""".replace("%CHINESE%", b64encode("无法向以下收件人或组传递邮件：".encode("gb18030")).decode()).encode()

QQ_PAGE = """<div><b>抱歉，您的邮件被退回来了……</b>
<table><tr><td>原邮件信息：</td><td>时间 2024-03-11 08:00:10<br>主题 %SUBJECT%<br>收件人 %TO%</td></tr>
<tr><td>退信原因：</td><td>收件人邮件地址（%TO%）不存在，邮件无法送达。<br>
host mx3.example.com[203.205.219.57] said: 550 Mailbox not found. http://service.mail.qq.com/x (in reply
to RCPT TO command)</td></tr></table><style>p {}</style></div>"""
QQ = b"""From: "PostMaster@qq.com" <PostMaster@qq.com>
To: service@maker.cn
Subject: =?utf-8?B?57O757uf6YCA5L+hL1N5c3RlbXMgYm91bmNl?=
Date: Mon, 11 Mar 2024 08:00:13 +0800
Message-ID: <tencent_4D7B3C51A2@qq.com>
MIME-Version: 1.0
Content-Type: text/html; charset="gb18030"
Content-Transfer-Encoding: base64

%PAGE%
"""

REPLY = b"""From: =?gbk?B?1cW+rcDt?= <reader@example.com>
To: service@maker.cn
Subject: =?utf-8?B?5Zue5aSN77ya5ZSu5ZCO5ZGo5oql?=
Date: Mon, 11 Mar 2024 09:12:00 +0800
Message-ID: <tencent_REPLY1@qq.com>
In-Reply-To: %ID%
References: <older@maker.cn> %ID%
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_1"

--=_1
Content-Type: multipart/alternative; boundary="=_2"

--=_2
Content-Type: text/plain; charset="gb18030"
Content-Transfer-Encoding: base64

%TEXT%
--=_2
Content-Type: text/html; charset="utf-8"

<p onclick="x()">HTML</p>
--=_2--
--=_1
Content-Type: image/png; name="=?utf-8?B?54Wn54mHLnBuZw==?="
Content-Disposition: attachment; filename="=?utf-8?B?54Wn54mHLnBuZw==?="
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--=_1--
"""
TEXT = "控制器已换，<b>本周</b>完成。\n> http://localhost/point/abc.def-123 请处理"

OUT_OF_OFFICE = b"""From: reader@example.com
To: service@maker.cn
Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSN?=
Message-ID: <auto1@example.com>
In-Reply-To: %ID%
Auto-Submitted: auto-replied
X-Autoreply: yes
Content-Type: text/plain; charset=utf-8

On holiday until Monday.
"""


def mail(
    template: bytes, message_id: str = "<none@maker.cn>", to: str = "reader@example.com", subject: str = "x"
) -> bytes:
    """Return a mail as it comes over the wire."""
    page = b64encode(QQ_PAGE.replace("%TO%", to).replace("%SUBJECT%", subject).encode("gb18030"))
    text = b64encode(TEXT.encode("gb18030"))
    filled = template.replace(b"%PAGE%", page).replace(b"%TEXT%", text)
    filled = filled.replace(b"%ID%", message_id.encode()).replace(b"%TO%", to.encode())
    return filled.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
