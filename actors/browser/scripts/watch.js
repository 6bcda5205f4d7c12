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
  const remember = WeakMap.prototype.set, recall = WeakMap.prototype.get;
  const Address = URL;
  const plainly = (given) => {
    try { const url = new Address(given, document.baseURI); return url.origin + url.pathname; } catch { return ''; }
  };

  // A timer that is set again and again with the same delay, or from within others, is a clock and no work, and what is
  // asked for again and again is a poll. But only after a while: work may come in many steps, too.
  const LONGEST_TIMER = 10000, SAME_DELAY = 4, SHORT = 20, SAME_SHORT_DELAY = 50, DEEPEST = 4, SAME_ADDRESS = 3;
  const LONGEST_WORK = 3000, MOST_FRAMES = 20;
  const requests = { __proto__: null }, timers = { __proto__: null };
  let delays = { __proto__: null }, addresses = { __proto__: null };
  let last = 0, count = 0, depth = 0, frames = 0, running = null, runningWait = -1, chain = 0, clicking = false;
  let later = false, onLoad = false, scrolls = false, sockets = false;

  const touch = () => { later = true; last = now(); };
  // Count one more of a kind; say whether there have been so many for so long that no work is like that.
  const isTooMany = (kinds, kind, most) => {
    const known = kinds[kind] || (kinds[kind] = { count: 0, since: now() });
    return ++known.count > most && now() - known.since > LONGEST_WORK;
  };
  const begin = (address, plain = plainly(address)) => {
    later = true;
    if (isTooMany(addresses, plain, SAME_ADDRESS)) return 0;
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
    const again = depth > 0 && (handler === running || wait === runningWait), began = depth ? chain : now();
    const isOften = isTooMany(delays, wait, wait < SHORT ? SAME_SHORT_DELAY : SAME_DELAY);
    if (wait > LONGEST_TIMER || isOften || (mine >= DEEPEST && now() - began > LONGEST_WORK)) {
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
      const before = depth, link = chain, other = running, otherWait = runningWait;
      running = handler;
      runningWait = wait;
      depth = mine + 1;
      chain = began;
      try {
        return apply(handler, this, told);
      } finally {
        depth = before;
        chain = link;
        running = other;
        runningWait = otherWait;
      }
    }, delay, ...given]);
    timers[id] = { due: now() + wait, wait, again };
    return id;
  });
  replace(window, 'clearTimeout', noting(([id]) => { delete timers[id]; }));
  replace(window, 'setInterval', (real) => function (handler, delay, ...given) {
    later = true;
    // Its first time may be the page's work; the times after it are a clock's.
    const wait = +delay > 0 ? +delay : 0;
    const id = apply(real, window, [handler, delay, ...given]);
    if (wait <= 1000) timers[`interval ${id}`] = { due: now() + wait + 20, wait, once: true };
    return id;
  });
  for (const name of ['requestIdleCallback', 'postMessage']) replace(window, name, noting(touch));
  // A drawing that never ends is none of the page's work; what is filled in within the first frames is.
  replace(window, 'requestAnimationFrame', noting(() => { if (++frames <= MOST_FRAMES) touch(); else later = true; }));
  for (const name of ['SharedWorker', 'MessageChannel', 'ResizeObserver']) replace(window, name, constructing(touch));
  for (const name of ['WebSocket', 'EventSource']) replace(window, name, constructing(() => { touch(); sockets = true; }));
  // What comes in pieces is at its end only when nothing comes for longer.
  if (window.ReadableStreamDefaultReader) {
    replace(ReadableStreamDefaultReader.prototype, 'read', (real) => function (...given) {
      const promise = apply(real, this, given);
      sockets = true;
      touch();
      apply(then, promise, [touch, touch]);
      return promise;
    });
  }
  if (window.Scheduler) {
    replace(Scheduler.prototype, 'postTask', (real) => function (...given) {
      touch();
      const wait = given[1] && +given[1].delay > 0 ? +given[1].delay : 0, id = `task ${++count}`;
      const promise = apply(real, this, given), over = () => { delete timers[id]; touch(); };
      if (wait && wait <= LONGEST_TIMER) timers[id] = { due: now() + wait, wait };
      apply(then, promise, [over, over]);
      return promise;
    });
  }
  // A worker that was asked, or has only begun, is on the page's errand until it answers.
  const errands = new WeakMap();
  const send = (worker) => {
    if (!apply(recall, errands, [worker])) apply(remember, errands, [worker, begin('', 'worker:')]);
  };
  if (window.Worker) {
    replace(window, 'Worker', (real) => new Proxy(real, {
      construct(target, given, made) {
        const worker = Reflect.construct(target, given, made);
        const back = () => { end(apply(recall, errands, [worker])); apply(remember, errands, [worker, 0]); };
        send(worker);
        for (const kind of ['message', 'error']) apply(listen, worker, [kind, back]);
        return worker;
      },
    }));
    replace(Worker.prototype, 'postMessage', (real) => function (...given) { send(this); return apply(real, this, given); });
  }
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
  const opened = new WeakMap();
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
  // One that looks at how far a person has scrolled may show more then.
  const awaitsScroll = noting(([kind]) => { if (kind === 'scroll') scrolls = true; });
  replace(EventTarget.prototype, 'addEventListener', awaitsScroll);
  replace(window, 'addEventListener', awaitsLoad);
  const onScroll = Object.getOwnPropertyDescriptor(HTMLElement.prototype, 'onscroll');
  if (onScroll && onScroll.set) {
    define(HTMLElement.prototype, 'onscroll', {
      ...onScroll, set(handler) { scrolls = true; apply(onScroll.set, this, [handler]); },
    });
  }
  // What is inside a closed shadow root is shown to people all the same.
  replace(Element.prototype, 'attachShadow', (real) => function (given) {
    return apply(real, this, [given && given.mode === 'closed' ? { ...given, mode: 'open' } : given]);
  });

  const dialogs = {
    alert() {},
    confirm() { return clicking; },
    prompt(_text, given) { return clicking ? String(given === undefined ? '' : given) : null; },
    print() {},
    // A tab that a page may close is a browser lost.
    close() {},
  };
  for (const name of keys(dialogs)) {
    define(window, name, { value: dialogs[name], configurable: true, writable: true, enumerable: true });
  }

  // Told without JSON and without array methods, which pages like to change for their own objects.
  const answer = () => {
    const time = now();
    let wait = 0, clock = 0, pending = '';
    const due = keys(timers), sent = keys(requests);
    for (let place = 0; place < due.length; place++) {
      const left = timers[due[place]].due - time;
      // One that is due and has not run is about to.
      if (left < (timers[due[place]].once ? 0 : -1000)) delete timers[due[place]];
      else if (timers[due[place]].again) clock = left > clock ? left : clock || 1;
      else if (left > wait || wait === 0) wait = left > 1 ? left : 1;
    }
    for (let place = 0; place < sent.length; place++) {
      const one = requests[sent[place]];
      pending += `\n${time - one.since} ${one.address}`;
    }
    const waits = onLoad || typeof window.onload === 'function';
    const looks = scrolls || typeof window.onscroll === 'function' || typeof document.onscroll === 'function';
    const told = `${wait} ${time - last} ${later} ${waits} ${looks} ${sockets} ${clock}${pending}`;
    apply(dispatch, document, [new Told(tell, { detail: told })]);
  };
  const hear = () => {
    apply(listen, document, [ask, answer]);
    apply(listen, document, [clicks, onClicks]);
    apply(listen, window, ['beforeunload', letGo, true]);
  };
  const letGo = (event) => apply(stop, event, []);
  const onClicks = (event) => {
    clicking = apply(detail, event, []) === 'yes';
    // What a click begins is work again, however often the page has asked the same before.
    delays = { __proto__: null };
    frames = 0;
    addresses = { __proto__: null };
  };
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
