// Types a user name and a password into a login form and sends it, in a world of its own inside the page. Whether page
// and form may have them is looked at in the same step that types, and again in the step that sends. From then on the
// document may send forms to nobody else, whatever its scripts, its handlers or the answer's redirects say. Names are
// taken from prototypes: a field that is called `action` hides its form's own, but not the prototype's.
(() => {
  'use strict';
  const SMALLEST = 4, MOST_CANDIDATES = 20;
  const NO_NAMES = /^(?:hidden|password|submit|button|checkbox|radio|image|reset|file|range|color)$/;
  const HERE = /^(?:|_self|_top|_parent)$/i;
  const own = (kind, name) => {
    const { get, set, value } = Object.getOwnPropertyDescriptor(kind.prototype, name);
    return { get: (of) => get.call(of), set: (of, to) => set.call(of, to), call: (of, ...given) => value.call(of, ...given) };
  };
  const all = own(Document, 'querySelectorAll'), head = own(Document, 'head');
  const attribute = own(Element, 'getAttribute'), has = own(Element, 'hasAttribute'), matches = own(Element, 'matches');
  const box = own(Element, 'getBoundingClientRect'), isShown = own(Element, 'checkVisibility');
  const connected = own(Node, 'isConnected'), send = own(EventTarget, 'dispatchEvent'), focus = own(HTMLElement, 'focus');
  const click = own(HTMLElement, 'click'), submit = own(HTMLFormElement, 'requestSubmit');
  const action = own(HTMLFormElement, 'action'), method = own(HTMLFormElement, 'method');
  const target = own(HTMLFormElement, 'target'), parts = own(HTMLFormElement, 'elements');
  const value = own(HTMLInputElement, 'value'), type = own(HTMLInputElement, 'type');

  let form, user, password, button, origins = [], typed = '', stopped = null, leaving = false, sent = false;

  const isInput = (element) => element instanceof HTMLInputElement;
  const isButton = (element) => element instanceof HTMLButtonElement;
  const kindOf = (element) => isInput(element) ? HTMLInputElement : HTMLButtonElement;
  const owner = (element) => isInput(element) || isButton(element) ? own(kindOf(element), 'form').get(element) : null;
  const isDisabled = (element) => (isInput(element) || isButton(element)) && matches.call(element, ':disabled');
  const isVisible = (element) => {
    const { width, height, right, bottom } = box.call(element);
    return width >= SMALLEST && height >= SMALLEST && right + scrollX > 0 && bottom + scrollY > 0
      && isShown.call(element, { visibilityProperty: true, opacityProperty: true });
  };
  const visible = (selector) => [...all.call(document, selector)].filter(isVisible);
  const passwordsOf = (one) => [...(one ? parts.get(one) : all.call(document, 'input'))]
    .filter((element) => isInput(element) && type.get(element) === 'password' && owner(element) === one && isVisible(element));

  // ------------------------------------------------------------------------------------- whether the page may have them
  const said = (by, name) => by && has.call(by, `form${name}`) ? attribute.call(by, `form${name}`) : null;
  const methodOf = (by) => said(by, 'method') === null ? method.get(form) : own(kindOf(by), 'formMethod').get(by);
  const originOf = (address) => {
    try {
      const { protocol, origin } = new URL(address);
      return /^https?:$/.test(protocol) ? origin : protocol;
    } catch { return 'an address that cannot be read'; }
  };
  const isLess = (origin) => location.protocol === 'https:' && origin.startsWith('http:');
  const placeRefusal = () => origins.includes(location.origin) ? null : ['page', location.origin];
  const formRefusal = (by) => {
    if (!form) return null;
    const leads = said(by, 'action') ? own(kindOf(by), 'formAction').get(by) : action.get(form);
    const origin = originOf(leads);
    if (!origins.includes(origin) || isLess(origin)) return ['action', origin];
    const [base] = all.call(document, 'base[target]');
    const opens = said(by, 'target')
      ?? (has.call(form, 'target') ? target.get(form) : base ? attribute.call(base, 'target') : '');
    return HERE.test(opens.trim()) ? null : ['target', ''];
  };
  const refusal = (by) => {
    if (!connected.get(user) || !connected.get(password)) return ['changed', ''];
    if (owner(user) !== form || owner(password) !== form) return ['apart', ''];
    if (type.get(password) !== 'password') return ['changed', ''];
    if (!isVisible(user) || !isVisible(password)) return ['changed', ''];
    if (passwordsOf(form).length > 1) return ['several', ''];
    return placeRefusal() || formRefusal(by);
  };

  // -------------------------------------------------------------------------------------- what holds it from then on
  const holds = (text) => text.includes(typed) || text.includes(encodeURIComponent(typed));
  // A short password may stand in the page's own address, where it tells nobody anything.
  const carries = (address) => {
    if (typed === '') return false;
    const { host, pathname, search, hash, searchParams } = new URL(address);
    return holds(search) || holds(hash) || [...searchParams.values()].some(holds)
      || (holds(pathname) && !holds(location.pathname)) || (holds(host) && !holds(location.host));
  };
  const stop = (event, why) => {
    stopped = stopped || why;
    event.preventDefault();
    return why;
  };
  const guard = () => {
    const policy = document.createElementNS('http://www.w3.org/1999/xhtml', 'meta');
    const others = origins.filter((origin) => origin !== location.origin && !isLess(origin));
    policy.setAttribute('http-equiv', 'Content-Security-Policy');
    policy.setAttribute('content', `form-action ${["'self'", ...others].join(' ')}`);
    head.get(document).append(policy);
    document.addEventListener('securitypolicyviolation', (event) => {
      if (event.effectiveDirective !== 'form-action') return;
      const origin = originOf(event.blockedURI);
      // What it tells of a redirect is the address that redirected.
      stopped = stopped || (origins.includes(origin) && !isLess(origin) ? ['diverted', ''] : ['action', origin]);
    });
    window.addEventListener('submit', (event) => {
      if (event.defaultPrevented || event.target !== form) return;
      const why = placeRefusal() || formRefusal(event.submitter);
      if (why) stop(event, why);
      else if (methodOf(event.submitter) !== 'post') stop(event, ['get', '']);
    });
    navigation.addEventListener('navigate', (event) => {
      const { url, sameDocument } = event.destination;
      if (!/^https?:/i.test(url)) return;
      if (carries(url)) stop(event, ['get', '']);
      else if (event.formData !== null && !origins.includes(originOf(url))) stop(event, ['action', originOf(url)]);
      else leaving = leaving || !sameDocument;
    });
    navigation.addEventListener('navigateerror', () => { leaving = false; });
  };

  // ------------------------------------------------------------------------------------------------- typing and sending
  const choose = (names) => {
    const found = visible(names.password).filter(isInput).slice(0, MOST_CANDIDATES);
    const users = visible(names.user).filter((one) => isInput(one) && !NO_NAMES.test(type.get(one)));
    if (found.length === 0 || users.length === 0) return ['fields', ''];
    password = found.find((one) => users.some((other) => owner(other) === owner(one)));
    if (!password) return ['apart', ''];
    form = owner(password);
    user = users.find((one) => owner(one) === form);
    const buttons = visible(names.button);
    button = buttons.find((one) => owner(one) === form && (form || !isInput(one) || type.get(one) !== 'submit'))
      || buttons.find((one) => owner(one) === null) || null;
    return form || button ? null : ['fields', ''];
  };
  const clear = () => {
    for (const field of [user, password]) value.set(field, '');
    typed = '';
  };
  // A window that nobody has clicked in tells its page nothing of focus.
  const tell = (field, kind, ...names) => {
    for (const name of names) send.call(field, new kind(name, { bubbles: !/^(?:focus|blur)$/.test(name) }));
  };
  const put = (field, text) => {
    focus.call(field);
    if (!document.hasFocus()) tell(field, FocusEvent, 'focus', 'focusin');
    tell(field, KeyboardEvent, 'keydown');
    // Whatever the page does when a field is entered, it has done by now.
    const why = refusal(button);
    if (why) return why;
    value.set(field, text);
    tell(field, InputEvent, 'input');
    tell(field, KeyboardEvent, 'keyup');
    tell(field, Event, 'change');
    tell(field, FocusEvent, 'blur', 'focusout');
    return null;
  };

  globalThis.purserLogin = Object.freeze({
    type: (allowed, names, credentials) => {
      origins = allowed;
      const why = placeRefusal() || choose(names) || refusal(button);
      if (why) return why;
      guard();
      typed = credentials.password;
      const late = put(user, credentials.user) || put(password, credentials.password);
      if (late) clear();
      return late;
    },
    send: () => {
      if (sent || stopped || leaving) return stopped;
      const why = refusal(button);
      if (why) {
        clear();
        return why;
      }
      if (button && isDisabled(button)) return ['wait', ''];
      sent = true;
      if (button) click.call(button);
      else submit.call(form);
      if (stopped) clear();
      return stopped;
    },
    told: () => stopped || [leaving ? 'leaving' : '', ''],
  });
})()
