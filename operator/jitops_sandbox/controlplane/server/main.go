// The Kubernetes control plane of the tests and of `jitops demo --cluster`, in one process: etcd, the
// API server, and the three controllers without which deletion and service accounts don't work.
//
// It keeps everything in the folder named by --dir, listens on loopback alone, prints one line of JSON
// when it is ready, and ends when its standard input closes: a parent that dies leaves nothing behind.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// announcement is the line by which the parent learns that the server is ready, and where.
type announcement struct {
	Kubeconfig string `json:"kubeconfig"`
	Server     string `json:"server"`
}

func main() {
	dir := flag.String("dir", "", "an existing folder for data, keys and the kubeconfig (required)")
	auditLog := flag.String("audit-log", "", "a file for the audit log, at level Metadata; none when empty")
	flag.Parse()
	go exitWithParent()
	if err := run(context.Background(), *dir, *auditLog); err != nil {
		fmt.Fprintln(os.Stderr, "control plane:", err)
		os.Exit(1)
	}
}

// exitWithParent ends the process when standard input closes. Nothing is flushed: the data is
// throw-away, and the audit log is written before each response.
func exitWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// run starts the parts in the order in which they need each other, and returns only when one fails.
func run(ctx context.Context, dir, auditLog string) error {
	if dir == "" {
		return fmt.Errorf("--dir is required")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	keys, err := newCredentials(dir)
	if err != nil {
		return err
	}
	etcdURL, err := startEtcd(dir)
	if err != nil {
		return err
	}
	server, err := startAPIServer(ctx, serverSettings{keys, etcdURL, dir, auditLog})
	if err != nil {
		return err
	}
	if err := startControllers(ctx, server.loopback); err != nil {
		return err
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := keys.writeKubeconfig(kubeconfig, server.url); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(announcement{kubeconfig, server.url}); err != nil {
		return err
	}
	return <-server.ended
}
