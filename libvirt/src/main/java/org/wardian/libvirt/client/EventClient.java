package org.wardian.libvirt.client;

import java.util.UUID;
import java.util.function.Consumer;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.EventFamily;
import org.wardian.libvirt.wire.EventMessage;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.qemu.ConnectDomainMonitorEventDeregisterArgs;
import org.wardian.libvirt.wire.qemu.ConnectDomainMonitorEventRegisterArgs;
import org.wardian.libvirt.wire.qemu.DomainMonitorEventMsg;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.ConnectDomainEventCallbackDeregisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectDomainEventCallbackRegisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectNetworkEventDeregisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectNetworkEventRegisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectNodeDeviceEventDeregisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectNodeDeviceEventRegisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectSecretEventDeregisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectSecretEventRegisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectStoragePoolEventDeregisterAnyArgs;
import org.wardian.libvirt.wire.remote.ConnectStoragePoolEventRegisterAnyArgs;
import org.wardian.libvirt.wire.remote.DomainEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.NetworkEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Subscribes to a daemon's events. Listeners are called in the order of the events, one at a time,
 * on a thread of the connection's own; they may make calls. What is not listened to fast enough is
 * kept in memory.
 */
public final class EventClient {
  private final RpcClient rpc;

  EventClient(RpcClient rpc) {
    this.rpc = rpc;
  }

  private interface Registration {
    int register() throws LibvirtException;
  }

  private interface Deregistration {
    Nothing deregister(int callback) throws LibvirtException;
  }

  private <M extends XdrStruct> Subscription subscribe(
      EventFamily family, Registration registration, Deregistration end, Consumer<M> listener)
      throws LibvirtException {
    Subscriptions subscriptions = rpc.subscriptions();
    Integer callback = null;
    subscriptions.registering();
    try {
      callback = registration.register();
    } finally {
      subscriptions.registered(family, callback, erased(listener));
    }
    int id = callback;
    return () -> {
      subscriptions.ended(family, id);
      try {
        if (rpc.connection().ending() == null) {
          end.deregister(id);
        }
      } catch (LibvirtException e) {
        // It is not listened to any more either way.
      }
    };
  }

  @SuppressWarnings("unchecked") // a callback id belongs to one message, and so to one structure
  private static <M extends XdrStruct> Consumer<XdrStruct> erased(Consumer<M> listener) {
    return event -> listener.accept((M) event);
  }

  private static int id(EventMessage<?> message, EventFamily family) throws LibvirtException {
    if (EventFamily.of(message) != family) {
      throw new LibvirtException(
          ErrorNumber.INVALID_ARG, ErrorDomain.EVENT, message + " is no event of " + family);
    }
    return EventFamily.id(message);
  }

  /**
   * Events of domains.
   *
   * @param message which, such as {@code RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE}
   * @param domain of which, or null for all
   */
  public <M extends XdrStruct> Subscription ofDomains(
      EventMessage<M> message, Domain domain, Consumer<M> listener) throws LibvirtException {
    int id = id(message, EventFamily.DOMAIN);
    DomainRef ref = domain == null ? null : domain.reference();
    return subscribe(
        EventFamily.DOMAIN,
        () ->
            rpc.call(
                    RemoteProgram.CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY,
                    new ConnectDomainEventCallbackRegisterAnyArgs(id, ref))
                .callbackID(),
        callback ->
            rpc.call(
                RemoteProgram.CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY,
                new ConnectDomainEventCallbackDeregisterAnyArgs(callback)),
        listener);
  }

  /** Domains that are defined, started, stopped and so on. */
  public Subscription ofLifecycle(Consumer<DomainEventLifecycleMsg> listener)
      throws LibvirtException {
    return ofDomains(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE, null, event -> listener.accept(event.msg()));
  }

  /** Networks that are defined, started, stopped and so on. */
  public Subscription ofNetworks(Consumer<NetworkEventLifecycleMsg> listener)
      throws LibvirtException {
    return subscribe(
        EventFamily.NETWORK,
        () ->
            rpc.call(
                    RemoteProgram.CONNECT_NETWORK_EVENT_REGISTER_ANY,
                    new ConnectNetworkEventRegisterAnyArgs(0, null))
                .callbackID(),
        callback ->
            rpc.call(
                RemoteProgram.CONNECT_NETWORK_EVENT_DEREGISTER_ANY,
                new ConnectNetworkEventDeregisterAnyArgs(callback)),
        listener);
  }

  /** Events of storage pools: lifecycle or refresh. */
  public <M extends XdrStruct> Subscription ofStoragePools(
      EventMessage<M> message, Consumer<M> listener) throws LibvirtException {
    int id = id(message, EventFamily.STORAGE_POOL);
    return subscribe(
        EventFamily.STORAGE_POOL,
        () ->
            rpc.call(
                    RemoteProgram.CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY,
                    new ConnectStoragePoolEventRegisterAnyArgs(id, null))
                .callbackID(),
        callback ->
            rpc.call(
                RemoteProgram.CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY,
                new ConnectStoragePoolEventDeregisterAnyArgs(callback)),
        listener);
  }

  /** Events of the host's devices: lifecycle or update. */
  public <M extends XdrStruct> Subscription ofNodeDevices(
      EventMessage<M> message, Consumer<M> listener) throws LibvirtException {
    int id = id(message, EventFamily.NODE_DEVICE);
    return subscribe(
        EventFamily.NODE_DEVICE,
        () ->
            rpc.call(
                    RemoteProgram.CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY,
                    new ConnectNodeDeviceEventRegisterAnyArgs(id, null))
                .callbackID(),
        callback ->
            rpc.call(
                RemoteProgram.CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY,
                new ConnectNodeDeviceEventDeregisterAnyArgs(callback)),
        listener);
  }

  /** Events of secrets: lifecycle or value. */
  public <M extends XdrStruct> Subscription ofSecrets(EventMessage<M> message, Consumer<M> listener)
      throws LibvirtException {
    int id = id(message, EventFamily.SECRET);
    return subscribe(
        EventFamily.SECRET,
        () ->
            rpc.call(
                    RemoteProgram.CONNECT_SECRET_EVENT_REGISTER_ANY,
                    new ConnectSecretEventRegisterAnyArgs(id, null))
                .callbackID(),
        callback ->
            rpc.call(
                RemoteProgram.CONNECT_SECRET_EVENT_DEREGISTER_ANY,
                new ConnectSecretEventDeregisterAnyArgs(callback)),
        listener);
  }

  /**
   * Events of a machine's own monitor.
   *
   * @param uuid of the domain, or null for all
   * @param name of the event, or null for all
   */
  public Subscription ofMonitor(UUID uuid, String name, Consumer<DomainMonitorEventMsg> listener)
      throws LibvirtException {
    DomainRef ref = uuid == null ? null : new DomainRef("", uuid, -1);
    return subscribe(
        EventFamily.MONITOR,
        () ->
            rpc.call(
                    QemuProgram.CONNECT_DOMAIN_MONITOR_EVENT_REGISTER,
                    new ConnectDomainMonitorEventRegisterArgs(ref, name, 0))
                .callbackID(),
        callback ->
            rpc.call(
                QemuProgram.CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER,
                new ConnectDomainMonitorEventDeregisterArgs(callback)),
        listener);
  }
}
