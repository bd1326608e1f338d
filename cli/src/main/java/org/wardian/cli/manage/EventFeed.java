package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.EventClient;
import org.wardian.libvirt.client.Subscription;
import org.wardian.libvirt.constants.NetworkEventLifecycleType;
import org.wardian.libvirt.constants.NodeDeviceEventLifecycleType;
import org.wardian.libvirt.constants.SecretEventLifecycleType;
import org.wardian.libvirt.constants.StoragePoolEventLifecycleType;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.xdr.XdrStruct;

/** Events of a daemon's families as trees. What a daemon does not know is left out. */
final class EventFeed implements AutoCloseable {
  private final EventClient events;
  private final Consumer<ObjectNode> listener;
  private final List<Subscription> subscriptions = new ArrayList<>();
  private LibvirtException refusal;

  EventFeed(Connection connection, Consumer<ObjectNode> listener) {
    events = connection.events();
    this.listener = listener;
  }

  /** Registers for a family. */
  interface Registration {
    Subscription register() throws LibvirtException;
  }

  private void add(Registration registration) throws LibvirtException {
    try {
      subscriptions.add(registration.register());
    } catch (LibvirtException e) {
      if (!Refusals.isUnsupported(e)) {
        throw e;
      }
      refusal = e;
    }
  }

  /**
   * Fails where nothing was subscribed to: there would be nothing to wait for.
   *
   * @throws LibvirtException the last refusal
   */
  void requireAny() throws LibvirtException {
    if (subscriptions.isEmpty() && refusal != null) {
      throw refusal;
    }
  }

  /**
   * Events of machines.
   *
   * @param domain of which, or null for all
   */
  void domains(Domain domain) throws LibvirtException {
    for (DomainEventKinds.Kind<?> kind : DomainEventKinds.all()) {
      domain(kind, domain);
    }
  }

  private <M extends XdrStruct> void domain(DomainEventKinds.Kind<M> kind, Domain domain)
      throws LibvirtException {
    add(() ->
        events.ofDomains(
            kind.message(), domain, event -> listener.accept(kind.tree().apply(event))));
  }

  void networks() throws LibvirtException {
    add(() ->
        events.ofNetworks(event ->
            listener.accept(
                EventText.of("network", "lifecycle", event.net().name(), event.net().uuid())
                    .put(
                        "type",
                        Words.of(NetworkEventLifecycleType.of(event.event()), event.event())))));
  }

  void pools() throws LibvirtException {
    add(() ->
        events.ofStoragePools(
            RemoteProgram.STORAGE_POOL_EVENT_LIFECYCLE,
            event ->
                listener.accept(
                    EventText.of("pool", "lifecycle", event.pool().name(), event.pool().uuid())
                        .put(
                            "type",
                            Words.of(
                                StoragePoolEventLifecycleType.of(event.event()), event.event())))));
    add(() ->
        events.ofStoragePools(
            RemoteProgram.STORAGE_POOL_EVENT_REFRESH,
            event ->
                listener.accept(
                    EventText.of("pool", "refresh", event.pool().name(), event.pool().uuid()))));
  }

  void devices() throws LibvirtException {
    add(() ->
        events.ofNodeDevices(
            RemoteProgram.NODE_DEVICE_EVENT_LIFECYCLE,
            event ->
                listener.accept(
                    EventText.of("device", "lifecycle", event.dev().name(), null)
                        .put(
                            "type",
                            Words.of(
                                NodeDeviceEventLifecycleType.of(event.event()), event.event())))));
    add(() ->
        events.ofNodeDevices(
            RemoteProgram.NODE_DEVICE_EVENT_UPDATE,
            event -> listener.accept(EventText.of("device", "update", event.dev().name(), null))));
  }

  void secrets() throws LibvirtException {
    add(() ->
        events.ofSecrets(
            RemoteProgram.SECRET_EVENT_LIFECYCLE,
            event ->
                listener.accept(
                    EventText.of(
                            "secret", "lifecycle", event.secret().usageID(), event.secret().uuid())
                        .put(
                            "type",
                            Words.of(SecretEventLifecycleType.of(event.event()), event.event())))));
    add(() ->
        events.ofSecrets(
            RemoteProgram.SECRET_EVENT_VALUE_CHANGED,
            event ->
                listener.accept(
                    EventText.of(
                        "secret",
                        "value-changed",
                        event.secret().usageID(),
                        event.secret().uuid()))));
  }

  @Override
  public void close() {
    subscriptions.forEach(Subscription::close);
  }
}
