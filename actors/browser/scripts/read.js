// Runs in every document in a world of its own, where the page can change neither the browser's names nor ours. It says
// when a page has come to rest, reads it whole with its frames and shadow roots, and finds the controls in them again.
((ask, tell, clicks) => {
  'use strict';
  const MOMENT = 100, STEP = 20, LONG_AGO = 2000, SMALLEST_FRAME = 32, LONGEST_REFRESH = 10, LONGEST_WAY = 5000;
  const MOST_SCROLLS = 20, LARGEST = 16 * 1024 * 1024, LONGEST_BREAK = 3000, MOST_PACKED = 10, MOST_PARTS = 500;
  // Requests that are answered only when there is news, and what only counts or watches.
  const CHANNEL = new RegExp('(?:^|[/_.-])(?:(?:long-?)?poll(?:ing|er)?|comet(?:d)?|bayeux|signalr|socket\\.?io|sockjs'
    + '|engine\\.io|push|pub-?sub|subscribe|\\w*hub|notifications?|heart-?beat|keep-?alive|ping|presence|telemetry'
    + '|analytics|beacon|collect|metrics|track(?:ing|er)?)(?:$|[/_.-])', 'i');
  const FRAMES = 'iframe, frame, object', FILLS = /^\s*javascript:(?!\s*(?:void\b|false\b|''|""|;|$))/i;
  const WORKER = 'worker:', LONGEST_ERRAND = 1000, LONGEST_CLOCK = 1500, LONGEST_SCRIPT = 3000;
  const IMPORTANT = 'a,button,iframe,frame,form,input,h1,h2,h3,li,tr,td,div,span,p,section,table,ul,ol';

  // ------------------------------------------------------------------------------------------------ what is waited for
  const changed = new WeakMap();
  // What exchanges its parts over and over, and never has more of them than before, is a ticker.
  const SAME_SIZE = 6;
  let sizes = new WeakMap();
  const brings = ({ target }) => {
    const now = target.childElementCount || 0, known = sizes.get(target);
    if (!known || now > known.most) {
      sizes.set(target, { most: now, times: 0 });
      return true;
    }
    return ++known.times <= SAME_SIZE;
  };
  const follow = (root) => {
    if (changed.has(root)) return;
    changed.set(root, 0);
    // Only what adds, removes or re-addresses elements counts: the text of a clock changes for ever.
    new MutationObserver((records) => {
      const isPart = (node) => node.nodeType === Node.ELEMENT_NODE
        && (node.matches(IMPORTANT) || node.localName.includes('-') || node.querySelector(IMPORTANT) !== null);
      const matters = records.some((record) => record.type === 'attributes'
        || brings(record) && [...record.addedNodes, ...record.removedNodes].some(isPart));
      if (matters) changed.set(root, performance.now());
    }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ['href', 'data-url', 'hidden'] });
  };

  const loaded = new WeakSet(), failed = new WeakSet();
  document.addEventListener('load', (event) => { if (event.target instanceof Element) loaded.add(event.target); }, true);
  document.addEventListener('error', (event) => { if (event.target instanceof Element) failed.add(event.target); }, true);

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
    const [wait, since, later, onLoad, scrolls, sockets, clock] = first.split(' ');
    const pending = rest.map((line) => ({ age: +line.slice(0, line.indexOf(' ')), address: line.slice(line.indexOf(' ') + 1) }));
    return { wait: +wait, since: +since, later: later === 'true', onLoad: onLoad === 'true',
      scrolls: scrolls === 'true', sockets: sockets === 'true', clock: +clock, pending };
  };

  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width < SMALLEST_FRAME || box.height < SMALLEST_FRAME) return false;
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };

  // Also while it is still empty: between its answer and its first element a document has none.
  const inside = (frame) => { try { return frame.contentDocument; } catch { return null; } };
  // The frame that shows a document; none for the page itself and for shadow roots.
  const frameOf = (root) => root === document || !root.defaultView ? null : root.defaultView.frameElement;
  const addressOf = (frame) => frame.src || frame.data;
  // A frame shows an empty document until its own one has come.
  const isOnItsWay = (frame, root) => {
    const source = frame.getAttribute('src') || frame.getAttribute('data');
    if (frame.hasAttribute('srcdoc') || !source || /^\s*(?:about:|javascript:|#)/i.test(source)) return false;
    return root.location.href === 'about:blank';
  };

  // Every document and shadow root of the page, with the way to each.
  const roots = () => {
    const found = [], foreign = [];
    const go = (root, place, url) => {
      found.push({ root, place, url });
      root.querySelectorAll(FRAMES).forEach((frame, index) => {
        const inner = inside(frame);
        if (inner) go(inner, `${place}f${index}.`, inner.location.href === 'about:srcdoc' ? url : inner.location.href);
        else if (frame.localName !== 'object') foreign.push({ frame, index, place });
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
      root = step[0] === 'f' ? inside(root.querySelectorAll(FRAMES)[index]) : (hosts(root)[index] || {}).shadowRoot;
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

  // Without its own style a page shows what it means to hide.
  const isStyling = (link, spent) => spent < LONGEST_ERRAND && !link.sheet && !link.disabled
    && !failed.has(link) && !loaded.has(link)
    && sameHost(link.href) && (!link.media || matchMedia(link.media).matches) && !/alternate/i.test(link.rel);
  // Scripts that the page's own scripts add are waited for, too; those of other hosts only until the page has loaded.
  const seenSince = new WeakMap();
  const RUNS = /^(?:module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/i;
  const isComing = (script, root, spent) => {
    if (loaded.has(script) || failed.has(script) || script.noModule) return false;
    if (script.type && !RUNS.test(script.type)) return false;
    if (!sameHost(script.src)) return false;
    // One that has arrived runs a moment later.
    const [arrived] = performance.getEntriesByName(script.src);
    if (arrived && performance.now() - arrived.responseEnd > MOMENT * 3) return false;
    if (root !== document || root.readyState !== 'complete') {
      return root.readyState !== 'complete' && (script.async || script.defer);
    }
    // One that was written as text never runs, and tells nobody.
    if (!seenSince.has(script)) seenSince.set(script, performance.now());
    return script.async && performance.now() - seenSince.get(script) < LONGEST_SCRIPT;
  };

  // What keeps one document from rest, as texts; empty when nothing does.
  const reasonsOf = (root, { horizon, spent }) => {
    const state = told(root);
    const why = [];
    const sinceChange = performance.now() - changed.get(root);
    if (root.readyState === 'loading') why.push('its document');
    if (state === null) {
      if (sinceChange < MOMENT * 3) why.push('its scripts');
      return { why, later: true, scrolls: false };
    }
    for (const { age, address } of state.pending) {
      if (address === WORKER) {
        if (age < LONGEST_ERRAND) why.push('a worker');
        continue;
      }
      if (age > MOMENT * 5 && sameHost(address) && CHANNEL.test(new URL(address, location.href).pathname)) continue;
      // A request to another host that has not been answered for long is a tracker's.
      if (sameHost(address) || age < LONG_AGO) why.push(address || 'a request');
    }
    if (state.onLoad && root.readyState !== 'complete') why.push('its load event');
    // Timers that have brought nothing for so long bring nothing; a clock is known sooner.
    const idle = Math.min(spent, sinceChange), isIdle = idle > horizon;
    if (state.clock > 0 && state.clock <= horizon && idle <= LONGEST_CLOCK) why.push('a timer');
    if (state.wait > 0 && state.wait <= horizon && !isIdle) why.push('a timer');
    if ([...root.querySelectorAll('link[rel~="stylesheet"][href]')].some((link) => isStyling(link, spent))) why.push('its style');
    if (refreshes(root) || (root === document && performance.now() - setOut < LONGEST_WAY)) {
      why.push('the page that it goes on to');
    }
    for (const script of root.querySelectorAll('script[src]')) {
      if (isComing(script, root, spent)) why.push(script.src);
    }
    const busy = [...root.querySelectorAll('[aria-busy="true"]')];
    if (!isIdle && busy.some((element) => element.checkVisibility())) why.push('a busy part');
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
    for (const { root } of found) {
      follow(root);
      if (root.nodeType !== Node.DOCUMENT_NODE) continue;
      const frame = frameOf(root);
      if (frame) {
        if (!isSeen(frame)) {
          // One that nobody sees may bring what the page shows, in old portals: it is waited for a little.
          const isLoading = isOnItsWay(frame, root) || root.readyState !== 'complete';
          if (isLoading && sameHost(addressOf(frame)) && limits.spent < LONG_AGO) why.push(`the frame ${addressOf(frame)}`);
          continue;
        }
        if (isOnItsWay(frame, root)) {
          if (frame.loading === 'lazy') frame.loading = 'eager';
          why.push(`the frame ${addressOf(frame)}`);
          continue;
        }
        // What a script fills a frame with comes a little later than the frame.
        const isFilled = root.body !== null && root.body.hasChildNodes();
        if (!isFilled && limits.spent < LONGEST_ERRAND && FILLS.test(frame.getAttribute('src') || '')) why.push('a frame');
      }
      const state = reasonsOf(root, limits);
      why.push(...state.why);
      later ||= state.later;
      scrolls ||= state.scrolls;
    }
    return { found, foreign, why, later, scrolls };
  };

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  // What a page does because something has come into view it does after it was drawn: late on a busy machine, and never
  // in a tab that is not shown.
  const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const drawn = () => Promise.race([pause(LONGEST_ERRAND), frames()]);

  // ------------------------------------------------------------------------------------------------------ reading it
  const entry = () => performance.getEntriesByType('navigation')[0];
  // How a document came. One that broke off on its way stays loading for ever, and its answer has no end; one that was
  // packed counts as whole for the browser wherever it ends.
  const arrival = (root) => root.defaultView && root.defaultView.performance.getEntriesByType('navigation')[0];
  const brokeOff = (root, came) => Boolean(came) && root.readyState === 'loading' && came.responseEnd === 0;
  const isPacked = (came) => Boolean(came) && (typeof came.contentEncoding === 'string' ? came.contentEncoding !== ''
    : came.encodedBodySize !== came.decodedBodySize);
  const packed = (found) => found.map(({ root }) => [root, arrival(root), frameOf(root)])
    .filter(([root, came, frame]) => isPacked(came) && came.decodedBodySize <= LARGEST && (!frame || isSeen(frame))
      && /^https?:/i.test(root.location.href))
    .slice(0, MOST_PACKED).map(([root, came]) => [root.location.href.split('#')[0], came.decodedBodySize]);
  // A copy in a document that is never shown, in which the topmost elements that are not drawn are marked. Only where
  // there are such: the page itself is not touched.
  const blank = document.implementation.createHTMLDocument('');
  const NOT_DRAWN = 'purser-not-drawn', NEVER_DRAWN = 'script,style,template,noscript,option,source,track,area,param,br,wbr';
  const undrawn = (top) => {
    const walker = document.createTreeWalker(top, NodeFilter.SHOW_ELEMENT), places = [];
    for (let node = walker.nextNode(), place = 0; node; place++) {
      const isPassed = node.localName === 'head' || node.localName === 'svg';
      const isDrawn = !isPassed && (node.matches(NEVER_DRAWN) || node.checkVisibility({ visibilityProperty: true }));
      if (isDrawn) node = walker.nextNode();
      else {
        if (!isPassed && getComputedStyle(node).display !== 'contents') places.push(place);
        const inner = node.querySelectorAll('*').length;
        let over = walker.nextSibling();
        while (!over && walker.parentNode() && walker.currentNode !== top) over = walker.nextSibling();
        node = over;
        place += inner;
      }
    }
    return places;
  };
  const marked = (top) => {
    const places = undrawn(top);
    if (places.length === 0) return top.outerHTML;
    const copy = blank.importNode(top, true), all = copy.querySelectorAll('*');
    for (const place of places) all[place].setAttribute(NOT_DRAWN, '');
    return copy.outerHTML;
  };
  const htmlOf = (root) => root instanceof ShadowRoot ? root.innerHTML : root.documentElement ? marked(root.documentElement) : '';
  const wellFormed = (text) => text.isWellFormed() ? text : text.toWellFormed();

  // Addresses on other hosts that have not come, and that the document's own loading may wait for.
  const culprits = () => {
    const waiting = [...document.querySelectorAll('link[rel~="stylesheet"][href], script[src], img[src], iframe[src]')]
      .filter((element) => !loaded.has(element) && !(element.localName === 'iframe' && isSeen(element)))
      .map((element) => element.src || element.href);
    return [...new Set(waiting)].filter((address) => /^https?:/i.test(address) && !sameHost(address));
  };

  const result = (state, unsettled) => {
    if (state.found.length > MOST_PARTS) throw new Error(`it has more than ${MOST_PARTS} frames and shadow roots`);
    const main = state.found[0];
    const seen = state.foreign.filter(({ frame }) => isSeen(frame));
    const unread = state.found.map(({ root }) => ({ root, frame: frameOf(root) }))
      .filter(({ root, frame }) => frame && isOnItsWay(frame, root) && isSeen(frame)).map(({ frame }) => addressOf(frame));
    const parts = state.found.slice(1).map(({ root, place, url }) => [place, url, wellFormed(htmlOf(root))]);
    const outer = [];
    for (const { frame, index, place } of seen) {
      // The driver reaches a frame of another host only by its number in the page's own body.
      const number = place === '' ? [...document.querySelectorAll('body iframe, frameset frame')].indexOf(frame) : -1;
      outer.push([number, frame.src || 'about:blank', `${place}f${index}.`]);
    }
    const timing = entry(), html = wellFormed(htmlOf(main.root));
    const size = parts.reduce((sum, [, , text]) => sum + text.length, html.length);
    if (size > LARGEST) throw new Error(`it has ${size} characters, more than ${LARGEST}`);
    return {
      url: location.href, status: timing ? timing.responseStatus || 0 : 0, origin: performance.timeOrigin,
      html, parts, outer, unread,
      unsettled: unsettled ? [...new Set(state.why)].slice(0, 3).join(', ') : '',
      later: state.later || refreshes(document), culprits: unsettled ? culprits() : [],
      // Something that another page of this host has left answers in the portal's place.
      controlled: Boolean(navigator.serviceWorker && navigator.serviceWorker.controller),
      broken: brokeOff(document, timing), packed: packed(state.found),
    };
  };

  // What can be scrolled: the page, and large enough parts of it.
  const scrollers = (found) => {
    const boxes = [];
    for (const { root } of found) {
      const frame = frameOf(root);
      if (root !== document && root.nodeType === Node.DOCUMENT_NODE && !(frame && isSeen(frame))) continue;
      for (const box of [root.scrollingElement, ...root.querySelectorAll('div, section, main, ul, ol, tbody, article, aside')]) {
        if (!box || box.scrollHeight <= box.clientHeight + STEP || box.clientHeight < MOMENT) continue;
        if (box === root.scrollingElement || /auto|scroll/.test(getComputedStyle(box).overflowY)) boxes.push(box);
      }
    }
    return boxes;
  };
  const namesIn = (boxes) => new Set(boxes.flatMap((box) => [...box.querySelectorAll('a, button, [role="button"]')]
    .map((element) => element.getAttribute('href') || element.textContent.trim())).filter(Boolean));

  // Wait until the page is at rest, no longer than `bound` milliseconds, and read it.
  let isRestless = false;
  const read = async (bound, horizon, patience) => {
    const began = performance.now();
    // A page that was waited for in vain once is not waited for as long again, but after a click.
    if (isRestless) bound = Math.min(bound, LONGEST_ERRAND);
    let scrolled = 0, height = 0, before = null, wasDrawn = false, state, spent;
    let grown = 0, size = -1;
    for (;;) {
      spent = performance.now() - began;
      state = survey({ horizon: Math.max(horizon, patience - spent), spent });
      const restless = state.why.length > 0 || (spent < patience && state.later);
      if (!restless) {
        if (state.scrolls && !wasDrawn) {
          wasDrawn = true;
          await drawn();
          continue;
        }
        // What a page shows only when it is scrolled to, it shows now.
        const boxes = state.scrolls ? scrollers(state.found) : [];
        const tall = boxes.reduce((sum, box) => sum + box.scrollHeight, 0);
        if (boxes.length === 0 || scrolled >= MOST_SCROLLS || (scrolled && tall === height)) {
          const lost = before !== null && [...before].some((name) => !namesIn(boxes).has(name));
          if (lost) state.why.push('a list that shows only what is scrolled to');
          return result(state, lost);
        }
        if (before === null) before = namesIn(boxes);
        scrolled += 1;
        height = tall;
        for (const box of boxes) box.scrollTop = box.scrollHeight;
        await drawn();
        await pause(MOMENT);
        continue;
      }
      if (document.all.length !== size) {
        size = document.all.length;
        grown = spent;
      }
      const isOver = brokeOff(document, entry()) && spent - grown >= LONGEST_BREAK;
      if (isOver || spent >= Math.max(bound, patience)) {
        isRestless = state.why.length > 0;
        return result(state, isRestless);
      }
      await pause(STEP);
    }
  };

  // ------------------------------------------------------------------------------------------------------- its controls
  // What was asked of the browser: a file that a link brings comes, however late, whatever page is shown by then, while
  // the way to another page ends with this one. Each of them may bring a download.
  let files = 0, ways = 0;
  // As the browser counts them, which drops what is too much in ten seconds.
  let moves = 0, moving = -Infinity;
  const LONGEST_MOVING = 10000;
  let isLeft = false;
  const counted = new WeakSet();
  const count = (view) => {
    if (!view || !view.navigation || counted.has(view.navigation)) return;
    counted.add(view.navigation);
    view.navigation.addEventListener('navigate', (event) => {
      // Nobody would count it any more, and it would come amid what is done with the next page.
      if (isLeft && event.downloadRequest !== null) event.preventDefault();
      queueMicrotask(() => {
        if (performance.now() - moving > LONGEST_MOVING) [moving, moves] = [performance.now(), 0];
        moves += 1;
        if (event.defaultPrevented) return;
        if (event.downloadRequest !== null) files += 1;
        else if (!event.destination.sameDocument) ways += 1;
      });
    });
  };
  count(window);
  // The page around a frame of its own host counts for it, from its start.
  try { if (window !== top) top.purser.count(window); } catch { /* another host's */ }
  const leave = () => { isLeft = true; return counts(); };
  const counts = () => [performance.timeOrigin, files, ways,
    performance.now() - moving > LONGEST_MOVING ? 0 : moves];
  const allow = (answer) => {
    for (const { root } of roots().found) {
      if (root.nodeType !== Node.DOCUMENT_NODE) continue;
      count(root.defaultView);
      root.dispatchEvent(new CustomEvent(clicks, { detail: answer ? 'yes' : 'no' }));
    }
    return counts();
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
    isRestless = false;
    setOut = -Infinity; // what an earlier click set out for was a file
    sizes = new WeakMap();
    element.click();
    return '';
  };
  const look = () => {
    const timing = entry();
    const password = [...document.querySelectorAll('input[type=password]')].some((field) => field.checkVisibility());
    return [location.href, timing ? timing.responseStatus || 0 : 0, performance.timeOrigin, document.readyState,
      document.contentType, password];
  };
  const isDrawn = () => Promise.race([frames().then(() => true), pause(LONGEST_ERRAND).then(() => false)]);
  globalThis.purser = { read, click, look, allow, count, leave, culprits, isDrawn, origin: () => performance.timeOrigin };
})
