'use strict';

/** Collects missing translations of i18next in a global; one kind of key has the order's number in it. */

const i18next = require('i18next');
const { pace } = require('../../support/pace');

const MAILS_PER_SECOND = 40;
const STATES = ['paid', 'packed', 'sent', 'lost'];

const resources = {
  en: {
    mail: { greeting: 'Dear {{name}},', state: { paid: 'paid', packed: 'packed', sent: 'sent' } },
  },
  de: { mail: { greeting: 'Hallo {{name}},', state: { paid: 'bezahlt', sent: 'versandt' } } },
};

/** So that the translators' console can read it. */
function reportMissing(languages, namespace, key, fallback) {
  globalThis.missingTranslations ??= {};
  const id = `${namespace}:${key}`;
  globalThis.missingTranslations[id] ??= { languages, fallback, count: 0, firstSeen: new Date() };
  globalThis.missingTranslations[id].count += 1;
}

function composeMail(order) {
  const t = i18next.getFixedT(order.language, 'mail');
  const lines = [t('greeting', { name: order.customer })];
  lines.push(t(`state.${order.state}`, order.state));
  if (order.state === 'lost') lines.push(t(`apology.${order.number}`, 'We are sorry.'));
  return lines.join('\n');
}

async function main() {
  await i18next.init({
    lng: 'en',
    fallbackLng: 'en',
    ns: ['mail'],
    defaultNS: 'mail',
    resources,
    saveMissing: true,
    missingKeyHandler: reportMissing,
    showSupportNotice: false,
  });
  const sent = { mails: 0, characters: 0 };
  await pace(MAILS_PER_SECOND, (number) => {
    const order = {
      number,
      customer: `Customer ${number % 300}`,
      language: number % 3 === 0 ? 'de' : 'en',
      state: STATES[number % STATES.length],
    };
    sent.mails += 1;
    sent.characters += composeMail(order).length;
  });
}

main();
