// SPDX-License-Identifier: Apache-2.0
// Reads the message in MESSAGE (a file) as a receiver would: mailauth says which signatures hold, mailparser what is in
// it. DNS is the JSON file RECORDS, {name: TXT}. Prints JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NODE_HOME}/`);
const { authenticate } = require('mailauth');
const { simpleParser } = require('mailparser');

const records = JSON.parse(readFileSync(process.env.RECORDS, 'utf8'));
const raw = readFileSync(process.env.MESSAGE);

async function resolver(name, type) {
  if (type === 'TXT' && records[name]) return [[records[name]]];
  throw Object.assign(new Error(`${name} ${type} not found`), { code: 'ENOTFOUND' });
}

const { dkim } = await authenticate(raw, { ip: '127.0.0.1', helo: 'node1', sender: process.env.SENDER, mta: 'sink.test', resolver });
const parsed = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true });
console.log(JSON.stringify({
  dkim: dkim.results.map(({ status, signingDomain, selector, algo }) => ({ result: status.result, signingDomain, selector, algo })),
  subject: parsed.subject,
  from: parsed.from.value,
  to: parsed.to?.value,
  text: parsed.text,
  html: parsed.html,
  attachments: parsed.attachments.map(({ filename, contentType, contentId, content }) => ({
    filename, contentType, contentId, content: content.toString('base64') })),
}));
