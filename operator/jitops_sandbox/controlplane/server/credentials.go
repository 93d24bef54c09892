package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// pair is a certificate and its key, in PEM, for the moment of writing them down.
type pair struct {
	certificate, key []byte
}

// credentials are the files that the API server reads, and the administrator's certificate.
type credentials struct {
	authority          []byte
	admin              pair
	authorityFile      string
	serverCert         string
	serverKey          string
	serviceAccountsKey string
}

// newCredentials makes one authority for both directions, and the key that signs service account tokens.
func newCredentials(dir string) (*credentials, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	server, err := authority.issue(serverCertificate())
	if err != nil {
		return nil, err
	}
	admin, err := authority.issue(adminCertificate())
	if err != nil {
		return nil, err
	}
	_, tokens, err := newKey()
	if err != nil {
		return nil, err
	}
	keys := &credentials{
		authority:          encode("CERTIFICATE", authority.certificate.Raw),
		admin:              admin,
		authorityFile:      filepath.Join(dir, "authority.crt"),
		serverCert:         filepath.Join(dir, "server.crt"),
		serverKey:          filepath.Join(dir, "server.key"),
		serviceAccountsKey: filepath.Join(dir, "service-accounts.key"),
	}
	return keys, writeAll(map[string][]byte{
		keys.authorityFile:      keys.authority,
		keys.serverCert:         server.certificate,
		keys.serverKey:          server.key,
		keys.serviceAccountsKey: tokens,
	})
}

// writeKubeconfig writes the administrator's way in, complete in one file.
func (c *credentials) writeKubeconfig(path, server string) error {
	const name = "jitops"
	config := api.NewConfig()
	config.Clusters[name] = &api.Cluster{Server: server, CertificateAuthorityData: c.authority}
	config.AuthInfos[name] = &api.AuthInfo{
		ClientCertificateData: c.admin.certificate,
		ClientKeyData:         c.admin.key,
	}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, path)
}

// authority signs the certificates of one run.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, _, err := newKey()
	if err != nil {
		return nil, err
	}
	template := certificate("jitops-control-plane")
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(raw)
	return &authority{parsed, key}, err
}

func (a *authority) issue(template *x509.Certificate) (pair, error) {
	key, encoded, err := newKey()
	if err != nil {
		return pair{}, err
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	return pair{encode("CERTIFICATE", raw), encoded}, err
}

func serverCertificate() *x509.Certificate {
	template := certificate("kube-apiserver")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	return template
}

// adminCertificate is a member of system:masters, whom RBAC refuses nothing.
func adminCertificate() *x509.Certificate {
	template := certificate("admin")
	template.Subject.Organization = []string{"system:masters"}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return template
}

func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(7 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	raw, err := x509.MarshalECPrivateKey(key)
	return key, encode("EC PRIVATE KEY", raw), err
}

func encode(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

// writeAll writes files that only their owner may read.
func writeAll(files map[string][]byte) error {
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
