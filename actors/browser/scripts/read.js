// Runs in every document in a world of its own, where the page can change neither the browser's names nor ours. It says
// when a page has come to rest, reads it whole with its frames and shadow roots, and finds the controls in them again.
((ask, tell, clicks) => {
  'use strict';
  const MOMENT = 100, STEP = 20, LONG_AGO = 2000, SMALLEST_FRAME = 32, LONGEST_REFRESH = 10, LONGEST_WAY = 5000, MOST_SCROLLS = 20;
  const IMPORTANT = 'a,button,iframe,frame,form,input,h1,h2,h3,li,tr,td,div,span,p,section,table,ul,ol';
  const HOSTS = 'article,aside,blockquote,body,div,footer,h1,h2,h3,h4,h5,h6,header,main,nav,p,section,span';

  // ------------------------------------------------------------------------------------------------ what is waited for
  const changed = new WeakMap();
  const follow = (root) => {
    if (changed.has(root)) return;
    changed.set(root, 0);
    // Only what adds, removes or re-addresses elements counts: the text of a clock changes for ever.
    new MutationObserver((records) => {
      const matters = records.some((record) => record.type === 'attributes'
        || [...record.addedNodes, ...record.removedNodes].some((node) => node.nodeType === Node.ELEMENT_NODE
          && (node.matches(IMPORTANT) || node.localName.includes('-') || node.querySelector(IMPORTANT) !== null)));
      if (matters) changed.set(root, performance.now());
    }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ['href', 'data-url', 'hidden'] });
  };

  // A page that has set out for another one is not at rest until it is gone; an answer that is no page leaves it there.
  let setOut = -Infinity;
  if (window.navigation) {
    navigation.addEventListener('navigate', (event) => {
      const leaves = !event.destination.sameDocument && event.downloadRequest === null;
      if (leaves && /^https?:/i.test(event.destination.url)) setOut = performance.now();
    });
    navigation.addEventListener('navigateerror', () => { setOut = -Infinity; });
  }

  const told = (root) => {
    let heard = '';
    const hear = (event) => { heard = String(event.detail); };
    root.addEventListener(tell, hear);
    root.dispatchEvent(new CustomEvent(ask));
    root.removeEventListener(tell, hear);
    if (!heard) return null;
    const [first, ...rest] = heard.split('\n');
    const [wait, since, later, onLoad, scrolls, sockets] = first.split(' ');
    const pending = rest.map((line) => ({ age: +line.slice(0, line.indexOf(' ')), address: line.slice(line.indexOf(' ') + 1) }));
    return { wait: +wait, since: +since, later: later === 'true', onLoad: onLoad === 'true',
      scrolls: scrolls === 'true', sockets: sockets === 'true', pending };
  };

  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width < SMALLEST_FRAME || box.height < SMALLEST_FRAME) return false;
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };

  const inside = (frame) => {
    try {
      const root = frame.contentDocument;
      return root && root.documentElement ? root : null;
    } catch { return null; }
  };
  // A frame shows an empty document until its own one has come.
  const isOnItsWay = (frame, root) => {
    const source = frame.getAttribute('src');
    if (frame.hasAttribute('srcdoc') || !source || /^\s*(?:about:|javascript:|#)/i.test(source)) return false;
    return root.location.href === 'about:blank';
  };

  // Every document and shadow root of the page, with the way to each.
  const roots = () => {
    const found = [], foreign = [];
    const go = (root, place, url) => {
      found.push({ root, place, url });
      root.querySelectorAll('iframe, frame').forEach((frame, index) => {
        const inner = inside(frame);
        if (inner) go(inner, `${place}f${index}.`, inner.location.href === 'about:srcdoc' ? url : inner.location.href);
        else foreign.push({ frame, index, place });
      });
      let index = 0;
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) go(element.shadowRoot, `${place}s${index++}.`, url);
      }
    };
    go(document, '', location.href);
    return { found, foreign };
  };
  const hosts = (root) => [...root.querySelectorAll('*')].filter((element) => element.shadowRoot);
  const rootAt = (place) => {
    let root = document;
    for (const step of place.split('.').slice(0, -1)) {
      const index = +step.slice(1);
      root = step[0] === 'f' ? inside(root.querySelectorAll('iframe, frame')[index]) : (hosts(root)[index] || {}).shadowRoot;
      if (!root) return null;
    }
    return root;
  };

  const sameHost = (address) => { try { return new URL(address, location.href).host === location.host; } catch { return true; } };

  const refreshes = (root) => {
    for (const meta of root.querySelectorAll('meta[http-equiv="refresh" i]')) {
      const match = /^\s*([\d.]+)\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)/i.exec(meta.content);
      if (!match || +match[1] > LONGEST_REFRESH) continue;
      try { if (new URL(match[2], root.baseURI).href !== root.location.href) return true; } catch { continue; }
    }
    return false;
  };

  // What keeps one document from rest, as texts; empty when nothing does.
  const reasonsOf = (root, { horizon, spent }) => {
    const state = told(root);
    const why = [];
    let sinceChange = performance.now() - changed.get(root);
    if (root.readyState === 'loading') why.push('its document');
    if (state === null) {
      if (sinceChange < MOMENT * 3) why.push('its scripts');
      return { why, later: true, scrolls: false };
    }
    for (const { age, address } of state.pending) {
      // A request to another host that has not been answered for long is a tracker's.
      if (sameHost(address) || age < LONG_AGO) why.push(address || 'a request');
    }
    if (state.onLoad && root.readyState !== 'complete') why.push('its load event');
    if (state.wait > 0 && state.wait <= horizon) why.push('a timer');
    if (refreshes(root) || (root === document && performance.now() - setOut < LONGEST_WAY)) why.push('the page that it goes on to');
    for (const script of root.querySelectorAll('script[src]')) {
      if (root.readyState !== 'complete' && (script.async || script.defer) && sameHost(script.src)
        && performance.getEntriesByName(script.src).length === 0) why.push(script.src);
    }
    if ([...root.querySelectorAll('[aria-busy="true"]')].some((element) => element.checkVisibility())) why.push('a busy part');
    const later = state.later || changed.get(root) > 0 || state.onLoad || root.querySelector('script[type="module"]') !== null;
    const since = Math.min(state.since, sinceChange);
    const moment = state.sockets ? MOMENT * 5 : MOMENT;
    if (later && since < moment && spent < horizon) why.push('a moment of rest');
    return { why, later, scrolls: state.scrolls };
  };

  const survey = (limits) => {
    const { found, foreign } = roots();
    const why = [];
    let later = false, scrolls = false;
    for (const { root, place } of found) {
      follow(root);
      if (!(root instanceof Document) && root.nodeType !== Node.DOCUMENT_NODE) continue;
      const frame = root === document ? null : root.defaultView && root.defaultView.frameElement;
      if (frame) {
        if (isOnItsWay(frame, root)) {
          if (isSeen(frame)) {
            if (frame.loading === 'lazy') frame.loading = 'eager';
            why.push(`the frame ${frame.src}`);
          }
          continue;
        }
        if (!isSeen(frame)) continue;
      }
      const state = reasonsOf(root, limits);
      why.push(...state.why);
      later ||= state.later;
      scrolls ||= state.scrolls;
    }
    return { found, foreign, why, later, scrolls };
  };

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  // ------------------------------------------------------------------------------------------------------ reading it
  const entry = () => performance.getEntriesByType('navigation')[0];
  const htmlOf = (root) => root instanceof ShadowRoot ? root.innerHTML : root.documentElement ? root.documentElement.outerHTML : '';
  const wellFormed = (text) => text.isWellFormed() ? text : text.toWellFormed();

  const loaded = new WeakSet();
  document.addEventListener('load', (event) => { if (event.target instanceof Element) loaded.add(event.target); }, true);
  // Addresses on other hosts that have not come, and that the document's own loading may wait for.
  const culprits = () => {
    const waiting = [...document.querySelectorAll('link[rel~="stylesheet"][href], script[src], img[src], iframe[src]')]
      .filter((element) => !loaded.has(element) && !(element.localName === 'iframe' && isSeen(element)))
      .map((element) => element.src || element.href);
    return [...new Set(waiting)].filter((address) => /^https?:/i.test(address) && !sameHost(address));
  };

  const result = (state, unsettled) => {
    const main = state.found[0];
    const seen = state.foreign.filter(({ frame }) => isSeen(frame));
    const unread = state.found.filter(({ root }) => {
      const frame = root !== document && root.defaultView && root.defaultView.frameElement;
      return frame && isOnItsWay(frame, root) && isSeen(frame);
    }).map(({ root }) => root.defaultView.frameElement.src);
    const parts = state.found.slice(1).map(({ root, place, url }) => [place, url, wellFormed(htmlOf(root))]);
    const outer = [];
    for (const { frame, index, place } of seen) {
      // The driver reaches a frame of another host only by its number in the page's own body.
      const number = place === '' ? [...document.querySelectorAll('body iframe, frameset frame')].indexOf(frame) : -1;
      outer.push([number, frame.src || 'about:blank', `${place}f${index}.`]);
    }
    const timing = entry();
    return {
      url: location.href, status: timing ? timing.responseStatus || 0 : 0, origin: performance.timeOrigin,
      html: wellFormed(htmlOf(main.root)), parts, outer, unread,
      unsettled: unsettled ? [...new Set(state.why)].slice(0, 3).join(', ') : '',
      later: state.later || refreshes(document), culprits: unsettled ? culprits() : [],
    };
  };

  // Wait until the page is at rest, no longer than `bound` milliseconds, and read it.
  const read = async (bound, horizon, patience) => {
    const began = performance.now(), first = location.href;
    let scrolled = 0, height = 0, state, spent;
    for (;;) {
      spent = performance.now() - began;
      state = survey({ horizon: Math.max(horizon, patience - spent), spent });
      const restless = state.why.length > 0 || (spent < patience && state.later);
      if (!restless) {
        // What a page shows only when it is scrolled to, it shows now.
        const tall = document.documentElement ? document.documentElement.scrollHeight : 0;
        if (!state.scrolls || scrolled >= MOST_SCROLLS || (scrolled && tall === height)) return result(state, false);
        scrolled += 1;
        height = tall;
        window.scrollTo(0, tall);
        await pause(MOMENT);
        continue;
      }
      if (spent >= Math.max(bound, patience)) return result(state, state.why.length > 0);
      await pause(STEP);
    }
  };

  // ------------------------------------------------------------------------------------------------------- its controls
  const allow = (answer) => {
    for (const { root } of roots().found) {
      if (root.nodeType === Node.DOCUMENT_NODE) root.dispatchEvent(new CustomEvent(clicks, { detail: answer ? 'yes' : 'no' }));
    }
  };
  // Click one control: `''` when it was clicked, else why it was not.
  const click = (origin, place, selector, index, agree) => {
    if (origin && performance.timeOrigin !== origin) return 'the page has changed';
    const root = rootAt(place);
    const element = root && root.querySelectorAll(selector)[index];
    if (!element) return 'it is no longer on the page';
    const link = element.closest('a[target], area[target]');
    if (link) link.removeAttribute('target');
    allow(agree);
    element.click();
    return '';
  };
  const look = () => {
    const timing = entry();
    const password = [...document.querySelectorAll('input[type=password]')].some((field) => field.checkVisibility());
    return [location.href, timing ? timing.responseStatus || 0 : 0, performance.timeOrigin, document.readyState,
      document.contentType, password];
  };
  globalThis.purser = { read, click, look, allow, culprits, origin: () => performance.timeOrigin };
})
