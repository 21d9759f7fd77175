// SPDX-License-Identifier: Apache-2.0

extension FleetPage {
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0b57b0"/>\
        <path d="M4 8h7M8 4.5 11.5 8 8 11.5" fill="none" stroke="#fff" stroke-width="1.8"/></svg>
        """

    static let style = """
        :root {
          color-scheme: light dark;
          --ink: #1c2430; --dim: #566273; --paper: #f6f7f9; --card: #fff; --line: #d9dee6; --link: #0b57b0;
          --good: #176b3a; --warn: #8a5300; --bad: #b3261e; --calm: #4a5568; --shut: #7a1fa2;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ink: #e6eaf0; --dim: #9aa6b6; --paper: #12161c; --card: #1a2028; --line: #303946; --link: #8ab8ff;
            --good: #6fd49a; --warn: #f0b45a; --bad: #ff8a80; --calm: #a9b4c4; --shut: #dca0f5;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        a { color: var(--link); text-underline-offset: 2px; }
        a:focus-visible, button:focus-visible, input:focus-visible, .scroll:focus-visible {
          outline: 3px solid var(--link); outline-offset: 2px; }
        header { display: flex; justify-content: space-between; align-items: center; gap: 1rem;
          padding: .6rem max(1rem, calc((100% - 72rem) / 2)); background: var(--card); border-bottom: 1px solid var(--line); }
        .brand { color: var(--ink); font-weight: 650; text-decoration: none; letter-spacing: .01em; }
        main { max-width: 74rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; line-height: 1.2; margin: .6rem 0 .2rem; }
        h2 { font-size: 1.1rem; margin: 1.8rem 0 .6rem; }
        .id { overflow-wrap: anywhere; }
        .dim, .empty { color: var(--dim); margin: 0 0 1rem; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .5rem;
          list-style: none; margin: 0; padding: 0; }
        .tile { display: block; padding: .5rem .7rem; background: var(--card); border: 1px solid var(--line);
          border-radius: .5rem; color: var(--dim); text-decoration: none; font-size: .85rem; }
        .tile b { display: block; font-size: 1.4rem; line-height: 1.2; color: var(--tone, var(--ink));
          font-variant-numeric: tabular-nums; }
        .tile.none b { color: var(--dim); font-weight: 400; }
        .tile:hover { border-color: var(--dim); }
        .tile[aria-current] { border-color: var(--link); box-shadow: inset 0 0 0 1px var(--link); }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
        table { border-collapse: collapse; width: 100%; }
        th, td { padding: .45rem .8rem; text-align: left; vertical-align: top; }
        thead th { color: var(--dim); font-size: .8rem; font-weight: 600; white-space: nowrap; }
        tbody tr { border-top: 1px solid var(--line); }
        tbody th { font-weight: 500; max-width: 22rem; overflow-wrap: anywhere; }
        td time, .step { white-space: nowrap; }
        .arrow { color: var(--dim); margin: 0 .35em; }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        .note { min-width: 10rem; max-width: 26rem; overflow-wrap: anywhere; color: var(--dim); }
        .ready { --tone: var(--good); } .stale, .draining { --tone: var(--warn); }
        .orphaned, .failed { --tone: var(--bad); } .quarantined { --tone: var(--shut); }
        .finished, .offline, .unattested { --tone: var(--calm); }
        .badge { color: var(--tone); font-weight: 600; white-space: nowrap; }
        .badge::before { content: ""; display: inline-block; width: .55em; height: .55em; margin-right: .4em;
          border-radius: 50%; background: var(--tone); }
        dl { margin: 1rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
        dl div { display: grid; grid-template-columns: 13rem 1fr; gap: .2rem 1rem; padding: .4rem .8rem; }
        dl div + div { border-top: 1px solid var(--line); }
        dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
        code { font: .85em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
        .login { max-width: 24rem; margin: 12vh auto 0; padding: 1.2rem 1.5rem 1.5rem; background: var(--card);
          border: 1px solid var(--line); border-radius: .7rem; }
        .login label { display: block; margin: 1rem 0 .3rem; }
        .login input { width: 100%; margin-bottom: 1rem; }
        .notice { color: var(--bad); margin: .6rem 0 0; }
        input, button { font: inherit; color: inherit; padding: .4rem .7rem; border: 1px solid var(--line);
          border-radius: .4rem; background: var(--paper); min-height: 2.5rem; }
        button { cursor: pointer; } button:hover { border-color: var(--dim); }
        .primary { width: 100%; background: var(--link); color: var(--card); border-color: var(--link); font-weight: 600; }
        @media (max-width: 44rem) {
          .wide { display: none; }
          th, td { padding: .45rem .55rem; }
          tbody th { min-width: 9.5rem; }
          .note { min-width: 16rem; }
          dl div { grid-template-columns: 1fr; }
        }

        """
}
