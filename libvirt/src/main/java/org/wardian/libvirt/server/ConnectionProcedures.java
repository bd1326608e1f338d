package org.wardian.libvirt.server;

import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.wardian.libvirt.constants.ConnectDomainQemuMonitorEventRegisterFlags;
import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.SecurityLayer;
import org.wardian.libvirt.wire.EventFamily;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.wire.qemu.ConnectDomainMonitorEventRegisterArgs;
import org.wardian.libvirt.wire.qemu.ConnectDomainMonitorEventRegisterRet;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.ConnectDomainEventCallbackRegisterAnyRet;
import org.wardian.libvirt.wire.remote.ConnectNetworkEventRegisterAnyRet;
import org.wardian.libvirt.wire.remote.ConnectNodeDeviceEventRegisterAnyRet;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.wire.remote.ConnectSecretEventRegisterAnyRet;
import org.wardian.libvirt.wire.remote.ConnectStoragePoolEventRegisterAnyRet;
import org.wardian.libvirt.wire.remote.ConnectSupportsFeatureArgs;
import org.wardian.libvirt.wire.remote.ConnectSupportsFeatureRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What the server itself answers: opening, closing, features, registrations for events. */
final class ConnectionProcedures implements HandlerFamily {
  private static final int READ_ONLY = 1;
  private static final Set<Procedure<?, ?>> LOGIN =
      Set.of(
          RemoteProgram.AUTH_LIST,
          RemoteProgram.AUTH_SASL_INIT,
          RemoteProgram.AUTH_SASL_START,
          RemoteProgram.AUTH_SASL_STEP,
          RemoteProgram.AUTH_POLKIT);
  private static final Set<Procedure<?, ?>> UNOPENED =
      Set.of(
          RemoteProgram.CONNECT_OPEN,
          RemoteProgram.CONNECT_CLOSE,
          RemoteProgram.CONNECT_SUPPORTS_FEATURE);

  private final ConnectionOpener opener;
  private final Events events;
  private final ServerLimits limits;

  ConnectionProcedures(ConnectionOpener opener, Events events, ServerLimits limits) {
    this.opener = opener;
    this.events = events;
    this.limits = limits;
  }

  /** Whether a client may call it before it has authenticated. */
  static boolean isLogin(Procedure<?, ?> procedure) {
    return LOGIN.contains(procedure);
  }

  /** Whether a client may call it before it has opened a URI. */
  static boolean worksUnopened(Procedure<?, ?> procedure) {
    return LOGIN.contains(procedure) || UNOPENED.contains(procedure);
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.AUTH_LIST, (call, nothing) -> call.session().login().list());
    table.on(RemoteProgram.AUTH_SASL_INIT, (call, nothing) -> call.session().login().init());
    table.on(RemoteProgram.AUTH_SASL_START, (call, args) -> call.session().login().start(args));
    table.on(RemoteProgram.AUTH_SASL_STEP, (call, args) -> call.session().login().step(args));
    table.on(RemoteProgram.AUTH_POLKIT, (call, nothing) -> call.session().login().polkit());
    table.act(RemoteProgram.CONNECT_OPEN, this::open);
    table.act(RemoteProgram.CONNECT_CLOSE, (call, nothing) -> {});
    table.on(RemoteProgram.CONNECT_SUPPORTS_FEATURE, this::supportsFeature);
    // What it is for, a driver that loses a connection of its own, does not happen here.
    table.act(RemoteProgram.CONNECT_REGISTER_CLOSE_CALLBACK, (call, nothing) -> {});
    table.act(RemoteProgram.CONNECT_UNREGISTER_CLOSE_CALLBACK, (call, nothing) -> {});
    registerEvents(table);
  }

  private void registerEvents(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY,
        (call, args) ->
            new ConnectDomainEventCallbackRegisterAnyRet(
                events.register(
                    call.session(),
                    EventFamily.DOMAIN,
                    args.eventID(),
                    args.dom() == null ? null : args.dom().uuid(),
                    Events.ANY)));
    table.on(
        RemoteProgram.CONNECT_NETWORK_EVENT_REGISTER_ANY,
        (call, args) ->
            new ConnectNetworkEventRegisterAnyRet(
                events.register(
                    call.session(),
                    EventFamily.NETWORK,
                    args.eventID(),
                    args.net() == null ? null : args.net().uuid(),
                    Events.ANY)));
    table.on(
        RemoteProgram.CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY,
        (call, args) ->
            new ConnectStoragePoolEventRegisterAnyRet(
                events.register(
                    call.session(),
                    EventFamily.STORAGE_POOL,
                    args.eventID(),
                    args.pool() == null ? null : args.pool().uuid(),
                    Events.ANY)));
    table.on(
        RemoteProgram.CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY,
        (call, args) ->
            new ConnectNodeDeviceEventRegisterAnyRet(
                events.register(
                    call.session(),
                    EventFamily.NODE_DEVICE,
                    args.eventID(),
                    args.dev() == null ? null : args.dev().name(),
                    Events.ANY)));
    table.on(
        RemoteProgram.CONNECT_SECRET_EVENT_REGISTER_ANY,
        (call, args) ->
            new ConnectSecretEventRegisterAnyRet(
                events.register(
                    call.session(),
                    EventFamily.SECRET,
                    args.eventID(),
                    args.secret() == null ? null : args.secret().uuid(),
                    Events.ANY)));
    table.on(QemuProgram.CONNECT_DOMAIN_MONITOR_EVENT_REGISTER, this::registerMonitor);
    table.act(
        RemoteProgram.CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY,
        (call, args) -> events.deregister(call.session(), EventFamily.DOMAIN, args.callbackID()));
    table.act(
        RemoteProgram.CONNECT_NETWORK_EVENT_DEREGISTER_ANY,
        (call, args) -> events.deregister(call.session(), EventFamily.NETWORK, args.callbackID()));
    table.act(
        RemoteProgram.CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY,
        (call, args) ->
            events.deregister(call.session(), EventFamily.STORAGE_POOL, args.callbackID()));
    table.act(
        RemoteProgram.CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY,
        (call, args) ->
            events.deregister(call.session(), EventFamily.NODE_DEVICE, args.callbackID()));
    table.act(
        RemoteProgram.CONNECT_SECRET_EVENT_DEREGISTER_ANY,
        (call, args) -> events.deregister(call.session(), EventFamily.SECRET, args.callbackID()));
    table.act(
        QemuProgram.CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER,
        (call, args) -> events.deregister(call.session(), EventFamily.MONITOR, args.callbackID()));
  }

  private ConnectDomainMonitorEventRegisterRet registerMonitor(
      Call call, ConnectDomainMonitorEventRegisterArgs args) throws LibvirtException {
    return new ConnectDomainMonitorEventRegisterRet(
        events.register(
            call.session(),
            EventFamily.MONITOR,
            0,
            args.dom() == null ? null : args.dom().uuid(),
            names(args.event(), args.flags())));
  }

  private static Predicate<String> names(String event, int flags) throws LibvirtException {
    if (event == null) {
      return Events.ANY;
    }
    boolean regex = (flags & ConnectDomainQemuMonitorEventRegisterFlags.REGEX) != 0;
    boolean anyCase = (flags & ConnectDomainQemuMonitorEventRegisterFlags.NOCASE) != 0;
    if (!regex) {
      return anyCase ? event::equalsIgnoreCase : event::equals;
    }
    try {
      Pattern pattern = Pattern.compile(event, anyCase ? Pattern.CASE_INSENSITIVE : 0);
      return name -> BoundedText.finds(pattern, name);
    } catch (PatternSyntaxException e) {
      throw new LibvirtException(
          ErrorNumber.INVALID_ARG,
          ErrorDomain.QEMU,
          "failed to compile regular expression '" + event + "'",
          e);
    }
  }

  private void open(Call call, ConnectOpenArgs args) throws LibvirtException {
    Session session = call.session();
    if (session.uri() != null) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.RPC, "connection already open");
    }
    if (args.name() == null) {
      throw new LibvirtException(ErrorNumber.INTERNAL_ERROR, ErrorDomain.RPC, "no URI to open");
    }
    opener.open(session, args.name());
    session.open(args.name(), (args.flags() & READ_ONLY) != 0);
  }

  private ConnectSupportsFeatureRet supportsFeature(Call call, ConnectSupportsFeatureArgs args)
      throws LibvirtException {
    Session session = call.session();
    DrvFeature feature = DrvFeature.of(args.feature());
    boolean supported =
        switch (feature) {
          case PROGRAM_KEEPALIVE -> {
            session.connection().keepAlive(limits.keepaliveInterval(), limits.keepaliveCount());
            yield true;
          }
          case FD_PASSING -> session.connection().passesDescriptors();
          case REMOTE_EVENT_CALLBACK, REMOTE_CLOSE_CALLBACK -> true;
          case null, default -> {
            if (session.uri() == null) {
              throw new LibvirtException(
                  ErrorNumber.INTERNAL_ERROR, ErrorDomain.RPC, "connection not open");
            }
            yield opener.supportsFeature(session, args.feature());
          }
        };
    return new ConnectSupportsFeatureRet(supported ? 1 : 0);
  }

  /** What follows a reply that was sent. */
  void replied(Session session, Call call) {
    if (call == null) {
      return;
    }
    if (call.procedure().equals(RemoteProgram.CONNECT_CLOSE)) {
      session.connection().finish();
    } else if (isLogin(call.procedure())) {
      session.server().loggedIn(session);
      SecurityLayer layer = session.login().takeLayer();
      if (layer != null) {
        session.connection().secure(layer);
      }
    }
  }
}
