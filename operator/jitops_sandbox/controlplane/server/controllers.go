package main

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
)

const (
	// discoveryPeriod is how long a new kind may stay unknown to the garbage collector. A real
	// controller manager takes 30 s; tests install a definition and use it at once.
	discoveryPeriod = 3 * time.Second
	workers         = 4
)

// parts is what the controllers share: clients as the API server itself, and their caches.
type parts struct {
	client    *kubernetes.Clientset
	metadata  metadata.Interface
	informers informers.SharedInformerFactory
	metaOnly  metadatainformer.SharedInformerFactory
}

// startControllers starts what a cluster cannot do without when objects are deleted: the garbage
// collector and the namespace controller, and the one that gives each namespace its service account.
// They come from the same source as in kube-controller-manager, whose other forty are not needed.
func startControllers(ctx context.Context, config *rest.Config) error {
	shared, err := newParts(config)
	if err != nil {
		return err
	}
	if err := shared.startServiceAccounts(ctx); err != nil {
		return err
	}
	shared.startNamespaces(ctx)
	started := make(chan struct{})
	if err := shared.startGarbageCollector(ctx, started); err != nil {
		return err
	}
	shared.informers.Start(ctx.Done())
	shared.metaOnly.Start(ctx.Done())
	close(started)
	return nil
}

func newParts(config *rest.Config) (*parts, error) {
	config = rest.AddUserAgent(rest.CopyConfig(config), "controllers")
	config.QPS = -1 // no throttling of the client: the machine is limit enough
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &parts{
		client:    client,
		metadata:  metadataClient,
		informers: informers.NewSharedInformerFactory(client, 0),
		metaOnly:  metadatainformer.NewSharedInformerFactory(metadataClient, 0),
	}, nil
}

func (p *parts) startServiceAccounts(ctx context.Context) error {
	controller, err := serviceaccount.NewServiceAccountsController(
		klog.FromContext(ctx),
		p.informers.Core().V1().ServiceAccounts(),
		p.informers.Core().V1().Namespaces(),
		p.client,
		serviceaccount.DefaultServiceAccountsControllerOptions(),
	)
	if err != nil {
		return err
	}
	go controller.Run(ctx, 1)
	return nil
}

func (p *parts) startNamespaces(ctx context.Context) {
	controller := namespace.NewNamespaceController(
		ctx,
		p.client,
		p.metadata,
		p.client.Discovery().ServerPreferredNamespacedResources,
		p.informers.Core().V1().Namespaces(),
		5*time.Minute,
		corev1.FinalizerKubernetes,
	)
	go controller.Run(ctx, workers)
}

func (p *parts) startGarbageCollector(ctx context.Context, started <-chan struct{}) error {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(p.client.Discovery()))
	go wait.Until(mapper.Reset, 30*time.Second, ctx.Done())
	factory := informerfactory.NewInformerFactory(p.informers, p.metaOnly)
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, p.metadata, mapper, ignored(), factory, started)
	collector, err := garbagecollector.NewComposedGarbageCollector(ctx, p.client, p.metadata, mapper, graph)
	if err != nil {
		return err
	}
	go collector.Run(ctx, workers, discoveryPeriod)
	go collector.Sync(ctx, p.client.Discovery(), discoveryPeriod)
	return nil
}

// ignored names what the garbage collector never follows: events are many, and own nothing.
func ignored() map[schema.GroupResource]struct{} {
	return map[schema.GroupResource]struct{}{
		{Resource: "events"}:                         {},
		{Group: "events.k8s.io", Resource: "events"}: {},
	}
}
