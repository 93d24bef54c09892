package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd runs etcd in this process and returns its address, a socket in the folder: no port to
// choose, nothing that another user of the machine could reach.
func startEtcd(dir string) (string, error) {
	client := url.URL{Scheme: "unix", Path: filepath.Join(dir, "etcd.sock")}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(dir, "peer.sock")}
	config := embed.NewConfig()
	config.Dir = filepath.Join(dir, "etcd")
	// What it advertises stays at the defaults: a lone member is asked by nobody.
	config.ListenClientUrls = []url.URL{client}
	config.ListenPeerUrls = []url.URL{peer}
	config.EnableGRPCGateway = false
	config.LogLevel = "error"
	config.UnsafeNoFsync = true                // the data does not outlive the process
	config.TickMs, config.ElectionMs = 50, 250 // a lone member elects itself: why wait a second
	server, err := embed.StartEtcd(config)
	if err != nil {
		return "", fmt.Errorf("etcd did not start: %w", err)
	}
	select {
	case <-server.Server.ReadyNotify():
		return client.String(), nil
	case err := <-server.Err():
		return "", fmt.Errorf("etcd ended: %w", err)
	case <-time.After(time.Minute):
		return "", fmt.Errorf("etcd was not ready within a minute")
	}
}
