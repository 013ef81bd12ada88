// @contiva/sap-integration-suite-client: its own methods where it has them, else those that it
// generated from SAP's description.

import contiva from '@contiva/sap-integration-suite-client';

const hexalias = alias => Buffer.from(alias).toString('hex').toUpperCase();

export async function connect({ url, clientId, clientSecret }) {
  const client = new contiva.default({
    baseUrl: url,
    oauthClientId: clientId,
    oauthClientSecret: clientSecret,
    oauthTokenUrl: `${url}/oauth/token`
  });
  const content = client.securityContent;
  const api = content.api;

  return {
    async aliases() {
      const entries = await content.getKeystoreEntries('system', ['Alias', 'Validity']);
      // Its own getKeystoreSize and getKeystoreProperties find nothing in any answer (2.0.13).
      const { data: keystore } = await api.keystoresKeystoreName.keystoresList(['system']);
      const size = await (await api.keystoresKeystoreName.sizeValueList(['system'])).json();
      if (size !== entries.length || keystore.Size !== size) {
        throw new Error(`${entries.length} entries, but a size of ${size} and ${keystore.Size}`);
      }
      return entries.map(entry => entry.Alias);
    },

    async generate(alias, commonName) {
      await content.generateKeyPair({
        Hexalias: '00',
        Alias: alias,
        KeyType: 'RSA',
        KeySize: 2048,
        SignatureAlgorithm: 'SHA-256/RSA',
        CommonName: commonName,
        Country: 'DE'
      });
    },

    async show(alias) {
      const entry = await content.getKeystoreEntry(hexalias(alias));
      return {
        alias: entry.Alias,
        type: entry.Type,
        subject: entry.SubjectDN,
        issuer: entry.IssuerDN,
        key_size: entry.KeySize
      };
    },

    async signingRequest(alias) {
      const answer = await api.keystoreEntriesHexalias.signingRequestValueList(hexalias(alias));
      return JSON.parse(await answer.text());
    },

    // The client sends a text as a JSON string, so that a binary file goes as base64.
    async upload(alias, base64, verified) {
      await api.certificateChainResourcesHexalias.valueUpdate(
        hexalias(alias),
        { fingerprintVerified: [verified], returnKeystoreEntries: [false] },
        base64
      );
    },

    async chain(alias) {
      const chain = await content.getCertificateChain(hexalias(alias));
      return chain.sort((a, b) => a.Index - b.Index).map(one => one.SubjectDN);
    },

    async rename(alias, renameAlias) {
      await api.keystoreEntriesHexalias.keystoreEntriesUpdate(
        hexalias(alias),
        { Status: null },
        { renameAlias, returnHexAlias: [true] }
      );
    },

    async remove(alias) {
      await content.deleteKeystoreEntries([alias]);
    }
  };
}
