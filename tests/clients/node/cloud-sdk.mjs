// SAP Cloud SDK for JavaScript: the client that its generator made of our metadata; media entities,
// which it does not generate, through its HTTP client.

import { pathToFileURL } from 'node:url';
import { executeHttpRequest } from '@sap-cloud-sdk/http-client';
import { asc } from '@sap-cloud-sdk/odata-v2';

const generated = await import(pathToFileURL(process.env.GENERATED));

const hexalias = alias => Buffer.from(alias).toString('hex').toUpperCase();

async function destinationOf({ url, clientId, clientSecret }) {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' })
  });
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
  const { access_token: token } = await answer.json();
  return { url, headers: { authorization: `Bearer ${token}` } };
}

export async function connect(place) {
  const destination = await destinationOf(place);
  const {
    keystoreEntriesApi: entries,
    keyPairGenerationRequestsApi: generation
  } = generated.keystore();
  const address = (alias, set, rest) => `/api/v1/${set}('${hexalias(alias)}')${rest}`;

  return {
    async aliases() {
      const { ALIAS } = entries.schema;
      const all = entries.requestBuilder().getAll();
      const found = await all.select(ALIAS).orderBy(asc(ALIAS)).execute(destination);
      const count = await entries.requestBuilder().getAll().count().execute(destination);
      if (count !== found.length) throw new Error(`${found.length} entries, but a count of ${count}`);
      return found.map(entry => entry.alias);
    },

    async generate(alias, commonName) {
      const request = generation
        .entityBuilder()
        .hexalias('00')
        .alias(alias)
        .keyType('RSA')
        .keySize(2048)
        .signatureAlgorithm('SHA-256/RSA')
        .commonName(commonName)
        .country('DE')
        .build();
      await generation.requestBuilder().create(request).execute(destination);
    },

    async show(alias) {
      const [found] = await entries
        .requestBuilder()
        .getAll()
        .filter(entries.schema.ALIAS.equals(alias))
        .execute(destination);
      const entry = await entries.requestBuilder().getByKey(found.hexalias).execute(destination);
      return {
        alias: entry.alias,
        type: entry.type,
        subject: entry.subjectDn,
        issuer: entry.issuerDn,
        key_size: entry.keySize
      };
    },

    async signingRequest(alias) {
      const answer = await executeHttpRequest(destination, {
        method: 'get',
        url: address(alias, 'KeystoreEntries', '/SigningRequest/$value')
      });
      return answer.data;
    },

    async upload(alias, base64, verified) {
      await executeHttpRequest(destination, {
        method: 'put',
        url: address(alias, 'CertificateChainResources', '/$value'),
        params: { fingerprintVerified: verified, returnKeystoreEntries: false },
        headers: { 'content-type': 'application/pkcs7-mime' },
        data: Buffer.from(base64, 'base64')
      });
    },

    async chain(alias) {
      const entry = await entries
        .requestBuilder()
        .getByKey(hexalias(alias))
        .select(entries.schema.ALIAS, entries.schema.CHAIN_CERTIFICATES)
        .execute(destination);
      const links = entry.chainCertificates.sort((a, b) => a.index - b.index);
      return links.map(one => one.subjectDn);
    },

    async rename(alias, renameAlias) {
      const entry = entries.entityBuilder().hexalias(hexalias(alias)).status(null).build();
      await entries
        .requestBuilder()
        .update(entry)
        .replaceWholeEntityWithPut()
        .addCustomQueryParameters({ renameAlias: encodeURIComponent(renameAlias) })
        .execute(destination);
    },

    async remove(alias) {
      await entries.requestBuilder().delete(hexalias(alias)).execute(destination);
    }
  };
}
