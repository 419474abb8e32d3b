// SPDX-License-Identifier: Apache-2.0
// Sends what is in JOB (a JSON file) with the official clients, to BASE_URL, and prints the X-Message-Ids as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NODE_HOME}/`);
const job = JSON.parse(readFileSync(process.env.JOB, 'utf8'));

const mail = require('@sendgrid/mail');
mail.setApiKey(process.env.API_KEY);
mail.client.setDefaultRequest('baseUrl', process.env.BASE_URL);

const { Client } = require('@sendgrid/client');
const client = new Client();
client.setApiKey(process.env.API_KEY);
client.setDefaultRequest('baseUrl', process.env.BASE_URL);

try {
  const [byMail] = await mail.send(job.mail);
  const [byClient] = await client.request({ method: 'POST', url: '/v3/mail/send', body: job.client });
  const refused = await mail.send({ ...job.mail, from: 'somebody@elsewhere.test' }).catch((error) => error);
  console.log(JSON.stringify({
    mail: { status: byMail.statusCode, id: byMail.headers['x-message-id'] },
    client: { status: byClient.statusCode, id: byClient.headers['x-message-id'] },
    refused: { status: refused.code, field: refused.response?.body?.errors?.[0]?.field },
  }));
} catch (error) {
  console.error(JSON.stringify(error.response?.body ?? String(error)));
  process.exit(1);
}
