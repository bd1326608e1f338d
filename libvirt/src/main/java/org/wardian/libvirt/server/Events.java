package org.wardian.libvirt.server;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.MessageType;
import org.wardian.libvirt.wire.EventFamily;
import org.wardian.libvirt.wire.EventMessage;
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Who wants to hear of which event. Emitting never waits: a client that is so far behind that its
 * queue is full is disconnected, so that it knows that it missed something.
 */
public final class Events {
  /** The serial that events carry, which clients ignore. */
  private static final int SERIAL = 1;

  /** Registrations that one client may have. */
  private static final int MOST = 16_384;

  private static final int PROGRAM_VERSION = 1;

  /** All names of events. */
  static final Predicate<String> ANY = name -> true;

  private record Registration(
      Session session,
      EventFamily family,
      int event,
      Object object,
      Predicate<String> name,
      int id) {}

  private final AtomicInteger ids = new AtomicInteger();
  private final ConcurrentHashMap<EventFamily, List<Registration>> registrations =
      new ConcurrentHashMap<>();

  /** Without any registration. */
  public Events() {}

  private List<Registration> of(EventFamily family) {
    return registrations.computeIfAbsent(family, unused -> new CopyOnWriteArrayList<>());
  }

  /**
   * Registers a client.
   *
   * @param object what identifies the one object that it wants to hear of, or null for all
   * @param name which names of monitor events it wants; others have none
   * @return the callback id
   */
  int register(
      Session session, EventFamily family, int event, Object object, Predicate<String> name)
      throws LibvirtException {
    if (family.message(event) == null) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.NONE, "unsupported event ID " + event);
    }
    List<Registration> all = of(family);
    if (all.stream().filter(one -> one.session() == session).count() >= MOST) {
      throw new LibvirtException(
          ErrorNumber.RESOURCE_BUSY, ErrorDomain.EVENT, "too many event callbacks");
    }
    int id = ids.getAndIncrement();
    all.add(new Registration(session, family, event, object, name, id));
    return id;
  }

  /** Ends a registration of a client. */
  void deregister(Session session, EventFamily family, int id) throws LibvirtException {
    if (!of(family).removeIf(one -> one.session() == session && one.id() == id)) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR,
          ErrorDomain.NONE,
          family.name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + " event callback "
              + id
              + " not registered");
    }
  }

  /** Ends all registrations of a client. */
  void forget(Session session) {
    registrations.values().forEach(all -> all.removeIf(one -> one.session() == session));
  }

  /**
   * Tells those who want to know.
   *
   * @param message what happened; one that has a family
   * @param object what identifies the object: its UUID, or the name of a node device
   * @param body the structure for a callback id
   */
  public <M extends XdrStruct> void emit(
      EventMessage<M> message, Object object, IntFunction<M> body) {
    emit(message, object, "", body);
  }

  /**
   * Tells those who want to know of an event of a machine's monitor.
   *
   * @param name of the event
   */
  public <M extends XdrStruct> void emit(
      EventMessage<M> message, Object object, String name, IntFunction<M> body) {
    int event = EventFamily.id(message);
    for (Registration one : of(EventFamily.of(message))) {
      if (one.event() == event
          && (one.object() == null || one.object().equals(object))
          && one.name().test(name)) {
        send(one.session().connection(), message, body.apply(one.id()));
      }
    }
  }

  /** Sends an event to one client, registered or not. */
  static void send(MessageConnection connection, EventMessage<?> message, XdrStruct body) {
    Header header =
        new Header(
            message.program(),
            PROGRAM_VERSION,
            message.number(),
            MessageType.EVENT.ordinal(),
            SERIAL,
            Header.OK);
    try {
      if (!connection.offer(Frame.of(header, body))) {
        connection.close(MessageConnection.Ending.ERROR, "it does not read its events");
      }
    } catch (XdrException e) {
      throw new IllegalArgumentException("the event " + message + " cannot be sent", e);
    }
  }
}
