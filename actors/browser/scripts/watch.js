// Runs in every document before its own scripts, in their world, and keeps count of what a page is still waiting for:
// requests and timers that its scripts began and that may yet change it. It answers when asked by an event whose name
// the page cannot know. It also answers dialogs: yes while we click, no otherwise, so that none ever holds up a page.
// What it needs is taken at the start, since a page may give the browser's names other meanings.
((ask, tell, clicks) => {
  'use strict';
  const apply = Reflect.apply, define = Object.defineProperty, keys = Object.keys;
  const Told = CustomEvent;
  const dispatch = EventTarget.prototype.dispatchEvent, listen = EventTarget.prototype.addEventListener;
  const detail = Object.getOwnPropertyDescriptor(CustomEvent.prototype, 'detail').get;
  const stop = Event.prototype.stopImmediatePropagation;
  const then = Promise.prototype.then;
  const now = performance.now.bind(performance);
  const Address = URL;
  const plainly = (given) => {
    try { const url = new Address(given, document.baseURI); return url.origin + url.pathname; } catch { return ''; }
  };

  // A timer that is set again and again with the same delay, or from within others, is a clock and no work.
  const LONGEST_TIMER = 10000, SAME_DELAY = 4, SHORT = 20, SAME_SHORT_DELAY = 50, DEEPEST = 4, SAME_ADDRESS = 3;
  const requests = { __proto__: null }, timers = { __proto__: null };
  const delays = { __proto__: null }, addresses = { __proto__: null };
  let last = 0, count = 0, depth = 0, clicking = false;
  let later = false, onLoad = false, scrolls = false, sockets = false;

  const touch = () => { later = true; last = now(); };
  const begin = (address) => {
    later = true;
    const plain = plainly(address);
    addresses[plain] = (addresses[plain] || 0) + 1;
    if (addresses[plain] > SAME_ADDRESS) return 0;
    touch();
    requests[++count] = { address: plain, since: now() };
    return count;
  };
  const end = (id) => { if (id) { delete requests[id]; touch(); } };

  const replace = (owner, name, make) => {
    const real = owner && owner[name];
    if (typeof real !== 'function') return;
    const made = make(real);
    define(made, 'name', { value: name });
    try { define(owner, name, { value: made, configurable: true, writable: true, enumerable: true }); } catch { return; }
  };
  const noting = (note) => (real) => function (...given) { note(given); return apply(real, this, given); };
  const constructing = (note) => (real) => new Proxy(real, {
    construct(target, given, made) { note(); return Reflect.construct(target, given, made); },
  });

  replace(window, 'setTimeout', (real) => function (handler, delay, ...given) {
    const wait = +delay > 0 ? +delay : 0, mine = depth;
    delays[wait] = (delays[wait] || 0) + 1;
    if (wait > LONGEST_TIMER || mine >= DEEPEST || delays[wait] > (wait < SHORT ? SAME_SHORT_DELAY : SAME_DELAY)) {
      later = true;
      return apply(real, window, [handler, delay, ...given]);
    }
    touch();
    if (typeof handler !== 'function') {
      const plain = apply(real, window, [handler, delay]);
      timers[plain] = { due: now() + wait, wait };
      return plain;
    }
    const id = apply(real, window, [function (...told) {
      delete timers[id];
      touch();
      const before = depth;
      depth = mine + 1;
      try { return apply(handler, this, told); } finally { depth = before; }
    }, delay, ...given]);
    timers[id] = { due: now() + wait, wait };
    return id;
  });
  replace(window, 'clearTimeout', noting(([id]) => { delete timers[id]; }));
  replace(window, 'setInterval', (real) => function (handler, delay, ...given) {
    later = true;
    // Its first time may be the page's work; the times after it are a clock's.
    const wait = +delay > 0 ? +delay : 0;
    const id = apply(real, window, [handler, delay, ...given]);
    if (wait <= 1000) timers[`interval ${id}`] = { due: now() + wait + 20, wait };
    return id;
  });
  for (const name of ['requestAnimationFrame', 'requestIdleCallback', 'postMessage']) replace(window, name, noting(touch));
  for (const name of ['Worker', 'SharedWorker', 'MessageChannel', 'ResizeObserver']) replace(window, name, constructing(touch));
  for (const name of ['WebSocket', 'EventSource']) replace(window, name, constructing(() => { touch(); sockets = true; }));
  replace(window, 'IntersectionObserver', constructing(() => { touch(); scrolls = true; }));
  if (window.IDBFactory) replace(IDBFactory.prototype, 'open', noting(touch));

  replace(window, 'fetch', (real) => function (...given) {
    const id = begin(given[0] instanceof Request ? given[0].url : given[0]);
    let promise;
    try { promise = apply(real, this === undefined ? window : this, given); } catch (error) { end(id); throw error; }
    const over = () => end(id);
    apply(then, promise, [over, over]);
    return promise;
  });
  for (const name of ['json', 'text', 'arrayBuffer', 'blob', 'formData']) {
    replace(window.Response && Response.prototype, name, (real) => function (...given) {
      const id = begin(this.url);
      const promise = apply(real, this, given), over = () => end(id);
      apply(then, promise, [over, over]);
      return promise;
    });
  }
  const opened = new WeakMap(), remember = WeakMap.prototype.set, recall = WeakMap.prototype.get;
  replace(window.XMLHttpRequest && XMLHttpRequest.prototype, 'open', (real) => function (...given) {
    apply(remember, opened, [this, given[1]]);
    return apply(real, this, given);
  });
  replace(window.XMLHttpRequest && XMLHttpRequest.prototype, 'send', (real) => function (...given) {
    const id = begin(apply(recall, opened, [this]) || '');
    apply(listen, this, ['loadend', () => end(id)]);
    try { return apply(real, this, given); } catch (error) { end(id); throw error; }
  });

  // A page that waits for its load event may do anything in it.
  const awaitsLoad = noting(([kind]) => { if (kind === 'load' || kind === 'pageshow') onLoad = true; });
  replace(window, 'addEventListener', awaitsLoad);
  // What is inside a closed shadow root is shown to people all the same.
  replace(Element.prototype, 'attachShadow', (real) => function (given) {
    return apply(real, this, [given && given.mode === 'closed' ? { ...given, mode: 'open' } : given]);
  });

  define(window, 'alert', { value: function alert() {}, configurable: true, writable: true, enumerable: true });
  define(window, 'confirm', { value: function confirm() { return clicking; }, configurable: true, writable: true, enumerable: true });
  define(window, 'prompt', {
    value: function prompt(_text, given) { return clicking ? String(given === undefined ? '' : given) : null; },
    configurable: true, writable: true, enumerable: true,
  });
  define(window, 'print', { value: function print() {}, configurable: true, writable: true, enumerable: true });
  apply(listen, window, ['beforeunload', (event) => apply(stop, event, []), true]);

  // Told without JSON and without array methods, which pages like to change for their own objects.
  const answer = () => {
    const time = now();
    let wait = 0, pending = '';
    const due = keys(timers), sent = keys(requests);
    for (let place = 0; place < due.length; place++) {
      const left = timers[due[place]].due - time;
      // One that is due and has not run is about to.
      if (left < -1000) delete timers[due[place]];
      else if (left > wait || wait === 0) wait = left > 1 ? left : 1;
    }
    for (let place = 0; place < sent.length; place++) {
      const one = requests[sent[place]];
      pending += `\n${time - one.since} ${one.address}`;
    }
    const waits = onLoad || typeof window.onload === 'function';
    const told = `${wait} ${time - last} ${later} ${waits} ${scrolls} ${sockets}${pending}`;
    apply(dispatch, document, [new Told(tell, { detail: told })]);
  };
  const hear = () => {
    apply(listen, document, [ask, answer]);
    apply(listen, document, [clicks, onClicks]);
  };
  const onClicks = (event) => { clicking = apply(detail, event, []) === 'yes'; };
  hear();
  // Writing a document anew takes every listener away.
  for (const name of ['open', 'write', 'writeln']) {
    replace(Document.prototype, name, (real) => function (...given) {
      const made = apply(real, this, given);
      touch();
      hear();
      return made;
    });
  }
})
