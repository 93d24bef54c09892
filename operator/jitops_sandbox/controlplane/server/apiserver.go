package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/rest"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// auditPolicy counts what clients ask for, and leaves out what the server and the controllers here ask
// of themselves. A watch appears when it starts (ResponseStarted) and when it ends.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: None, users: ["system:apiserver"]}
  - {level: Metadata}
`

// serverSettings is what differs from one API server to the next.
type serverSettings struct {
	keys     *credentials
	etcdURL  string
	dir      string
	auditLog string
}

// apiServer is a running API server: where clients reach it, how this process does, and when it ended.
type apiServer struct {
	url      string
	loopback *rest.Config
	ended    <-chan error
}

// startAPIServer returns when the server answers that it is ready.
func startAPIServer(ctx context.Context, settings serverSettings) (*apiServer, error) {
	// The listener is opened here and handed over, so that nobody can take the port in between.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	completed, err := serverOptions(ctx, settings, listener)
	if err != nil {
		return nil, err
	}
	chain, err := serverChain(completed)
	if err != nil {
		return nil, err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- fmt.Errorf("the API server ended: %v", prepared.Run(ctx)) }()
	loopback := rest.CopyConfig(chain.GenericAPIServer.LoopbackClientConfig)
	server := &apiServer{"https://" + listener.Addr().String(), loopback, ended}
	return server, server.waitReady()
}

// serverOptions reads the flags as the program kube-apiserver would.
func serverOptions(ctx context.Context, settings serverSettings, listener net.Listener) (options.CompletedOptions, error) {
	var none options.CompletedOptions
	flags, err := settings.flags()
	if err != nil {
		return none, err
	}
	chosen := options.NewServerRunOptions()
	set := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, part := range chosen.Flags().FlagSets {
		set.AddFlagSet(part)
	}
	if err := set.Parse(flags); err != nil {
		return none, err
	}
	chosen.SecureServing.Listener = listener
	chosen.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	if err := chosen.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return none, err
	}
	completed, err := chosen.Complete(ctx)
	if err != nil {
		return none, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}

// serverChain builds the aggregator, the API server and the server of custom resources, as one.
func serverChain(completed options.CompletedOptions) (*aggregator.APIAggregator, error) {
	config, err := app.NewConfig(completed)
	if err != nil {
		return nil, err
	}
	complete, err := config.Complete()
	if err != nil {
		return nil, err
	}
	return app.CreateServerChain(complete)
}

// flags says all in which this server differs from a default one.
func (s serverSettings) flags() ([]string, error) {
	flags := []string{
		"--etcd-servers=" + s.etcdURL,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1", // asked for nothing, it would look for a network to name
		"--tls-cert-file=" + s.keys.serverCert,
		"--tls-private-key-file=" + s.keys.serverKey,
		"--client-ca-file=" + s.keys.authorityFile,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + s.keys.serviceAccountsKey,
		"--service-account-signing-key-file=" + s.keys.serviceAccountsKey,
		"--service-cluster-ip-range=10.0.0.0/24",
		"--endpoint-reconciler-type=none", // nobody routes to this server by a Service
		// Nothing here may slow a benchmark down: no limit on requests in flight, no fairness queue.
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=0",
		"--max-mutating-requests-inflight=0",
		// What several servers need to know of each other costs a Lease, renewed every ten seconds.
		"--feature-gates=APIServerIdentity=false,UnknownVersionInteroperabilityProxy=false",
	}
	if s.auditLog == "" {
		return flags, nil
	}
	policy := filepath.Join(s.dir, "audit-policy.yaml")
	flags = append(flags,
		"--audit-policy-file="+policy,
		"--audit-log-path="+s.auditLog,
		"--audit-log-maxsize=100000", // megabytes: whoever counts requests wants one file
	)
	return flags, os.WriteFile(policy, []byte(auditPolicy), 0o600)
}

// waitReady asks until the server's own checks pass, or it ends, or a minute has passed.
func (s *apiServer) waitReady() error {
	client, err := rest.HTTPClientFor(s.loopback)
	if err != nil {
		return err
	}
	deadline := time.After(time.Minute)
	for {
		select {
		case err := <-s.ended:
			return err
		case <-deadline:
			return fmt.Errorf("the API server was not ready within a minute")
		case <-time.After(50 * time.Millisecond):
		}
		if isReady(client, s.loopback.Host) {
			return nil
		}
	}
}

func isReady(client *http.Client, host string) bool {
	response, err := client.Get(host + "/readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
