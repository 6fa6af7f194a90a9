"""The look of a page: one column, system fonts, figures that line up, and a page that prints."""

CSS = """
:root{--ink:#1b1f24;--soft:#626a75;--line:#e3e6ea;--paper:#fff;--tint:#f6f7f9;--blue:#2563c9;--yes:#1f7a4d;--no:#b3402f}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--tint);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-feature-settings:"tnum"}
header,main{max-width:1020px;margin:0 auto;padding:0 28px}
header{padding-top:44px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.015em}
header p{color:var(--soft);max-width:680px;margin:0 0 18px}
nav{display:flex;flex-wrap:wrap;gap:6px 18px;padding:12px 0;border-top:1px solid var(--line);font-size:13.5px}
nav a{color:var(--blue);text-decoration:none}nav a:hover{text-decoration:underline}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;
padding:22px 26px 24px;margin:0 0 20px}
h2{font-size:19px;margin:0 0 10px;letter-spacing:-.01em}
h4{margin:0 0 3px;font-size:13px}
p{margin:0 0 12px;max-width:720px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(185px,1fr));gap:12px;margin:6px 0 14px}
.tile{border:1px solid var(--line);border-radius:8px;padding:13px 15px}
.tile .label{color:var(--soft);font-size:12.5px}
.tile .value{font-size:26px;font-weight:620;letter-spacing:-.02em;line-height:1.3}
.tile .detail{color:var(--soft);font-size:12.5px;line-height:1.4}
.scroll{overflow-x:auto;margin:6px 0 16px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
caption{text-align:left;color:var(--soft);font-size:13px;padding-bottom:6px}
th,td{text-align:left;padding:6px 0 6px 18px;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;font-size:12.5px;color:var(--soft);border-bottom-color:#c9ced5;white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
td:first-child,th:first-child{padding-left:0;white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
table.dense{font-size:12.5px}.dense th{font-size:12px}.dense th,.dense td{padding-left:11px}
.ci{color:#8b919b;font-size:12px}
.yes{color:var(--yes)}.no{color:var(--no)}
figure{margin:8px 0 16px}figure svg{max-width:100%;height:auto;display:block}
figure svg a{cursor:pointer}figure svg a:hover circle{stroke:var(--ink)}
figure svg a:focus-visible{outline:2px solid var(--blue);outline-offset:3px}
figcaption{color:var(--soft);font-size:13px;margin-top:4px}
details{margin:6px 0 0;font-size:13px;color:var(--soft)}summary{cursor:pointer}
.notes{margin:4px 0 12px;padding-left:18px;color:var(--soft);font-size:13px}
.notes li{margin:2px 0}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(400px,1fr));gap:12px}
article{display:grid;grid-template-columns:104px 1fr;gap:14px;border:1px solid var(--line);border-radius:8px;
padding:12px;font-size:13px;line-height:1.45}
article img,.blank{width:104px;height:104px;object-fit:contain;background:var(--tint);border-radius:5px}
article img.pixels{image-rendering:pixelated}
.q{color:var(--soft);margin:0 0 7px;overflow-wrap:anywhere}
.gold,.said{display:grid;grid-template-columns:52px 1fr;gap:8px;overflow-wrap:anywhere}
.gold span,.said span{color:var(--soft);font-size:12px;padding-top:1px}
.right{color:var(--yes)}.wrong{color:var(--no)}
td a{color:var(--blue);text-decoration:none}td a:hover{text-decoration:underline}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px;margin:8px 0 16px}
.card,.pair{margin:0;border:1px solid var(--line);border-radius:8px;padding:10px;
font-size:12.5px;line-height:1.4}
.card img,.pair img,.none{width:100%;height:150px;object-fit:contain;background:var(--tint);border-radius:5px;
display:block}
.card img.pixels,.pair img.pixels{image-rendering:pixelated}
.card figcaption{color:var(--ink);font-size:12.5px;overflow-wrap:anywhere}
.card small{color:#8b919b;font-size:11px;display:block;margin-bottom:4px}
.card p{margin:0 0 4px}.card .said{font-weight:600;display:block;white-space:pre-line}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(400px,1fr));gap:12px;margin:8px 0 16px}
.pair>div{display:grid;grid-template-columns:1fr 1fr;gap:10px}
.pair p{margin:4px 0 0;color:var(--soft);font-size:12px}
.beside{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(400px,100%),1fr));
gap:6px 28px;align-items:start}
.shares>div{display:grid;grid-template-columns:minmax(70px,max-content) 1fr max-content max-content;
gap:3px 10px;font-size:12.5px;align-items:center}
.shares figcaption{margin:0 0 6px}
.shares .name{max-width:220px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.shares .bar{background:var(--tint);border-radius:3px;height:11px}
.shares .bar i{display:block;height:11px;border-radius:3px;background:var(--blue);min-width:1px}
.shares .n{color:var(--soft);text-align:right}
@media(max-width:640px){header,main{padding-left:14px;padding-right:14px}section{padding:16px}
.gallery,.pairs{grid-template-columns:1fr}
figure{overflow-x:auto}figure svg{max-width:720px}figcaption{position:sticky;left:0}
caption span,figcaption{max-width:calc(100vw - 62px)}
caption span{display:inline-block;position:sticky;left:0}}
@media screen and (prefers-color-scheme:dark){
:root{--ink:#e6e9ed;--soft:#9aa3ae;--line:#343a43;--paper:#1b1f25;--tint:#14171b;
--blue:#7aa7f5;--yes:#5cc08d;--no:#f08b78;color-scheme:dark}
th{border-bottom-color:#4a525d}figure svg [fill="#1b1f24"]{fill:var(--ink)}
figure svg [fill="#626a75"]{fill:var(--soft)}figure svg [stroke="#e3e6ea"]{stroke:var(--line)}
figure svg [stroke="#1b1f24"]{stroke:var(--ink)}figure svg [stroke="#626a75"]{stroke:var(--soft)}}
@media print{details{display:none}@page{margin:16mm}body{background:#fff;font-size:10.5pt}nav{display:none}
header,main{max-width:none;padding:0}header{padding-top:0}
section{border:0;border-radius:0;padding:0 0 4mm;margin:0 0 5mm}
table,table.dense{font-size:10px}th,.dense th,.ci{font-size:9px}th,td,.dense th,.dense td{padding-left:8px}
h2,h2+p{break-after:avoid}figure svg{max-height:90mm}
figure,article,.tile,tr{break-inside:avoid}thead{display:table-header-group}.scroll{overflow:visible}
.gallery,.pairs{grid-template-columns:1fr 1fr}.sheet{grid-template-columns:repeat(4,1fr)}
.card img{height:100px}td a{color:inherit}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
