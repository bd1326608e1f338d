package org.wardian.libvirt.server;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.Transport;
import org.wardian.libvirt.sasl.SaslMechanism;
import org.wardian.libvirt.wire.Program;
import org.wardian.libvirt.wire.lxc.LxcProgram;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * Accepts clients at its services and answers them by its handlers. Each client has a virtual
 * thread that receives, one that sends, and one for each call that is worked on; none waits for
 * another client.
 */
public final class Server implements AutoCloseable {
  private static final Map<Integer, Program> PROGRAMS =
      Map.of(
          RemoteProgram.NUMBER, RemoteProgram.PROGRAM,
          QemuProgram.NUMBER, QemuProgram.PROGRAM,
          LxcProgram.NUMBER, LxcProgram.PROGRAM);

  /** How long one that has not authenticated may stay while others wait for its place. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Events events;
  private final ServerLimits limits;
  private final List<SaslMechanism> mechanisms;
  private final AccessPolicy access;
  private final Predicate<Session> polkit;
  private final CallObserver observer;
  private final ConnectionProcedures connectionProcedures;
  private final HandlerTable handlers;
  private final List<Service> services = new ArrayList<>();
  private final Set<Session> sessions = new LinkedHashSet<>();
  private final Map<Session, Service.Arrival> arrivals = new HashMap<>();

  /** Those that have not authenticated, with the moment from which on they are waited for. */
  private final Map<Service.Arrival, Long> anonymous = new LinkedHashMap<>();

  private final ScheduledThreadPoolExecutor clock;
  private boolean closed;

  /** What a server is made of; the setters return this. */
  public static final class Settings {
    private final ConnectionOpener opener;
    private Events events = new Events();
    private ServerLimits limits = ServerLimits.DEFAULT;
    private List<SaslMechanism> mechanisms = List.of();
    private AccessPolicy access = AccessPolicy.OPEN;
    private Predicate<Session> polkit = session -> false;
    private CallObserver observer = CallObserver.NONE;

    /** With defaults: no SASL, everything allowed, and polkit refuses all but root. */
    public Settings(ConnectionOpener opener) {
      this.opener = opener;
    }

    /** Where the families emit theirs; one that they already know. */
    public Settings events(Events value) {
      events = value;
      return this;
    }

    /** How much clients may take. */
    public Settings limits(ServerLimits value) {
      limits = value;
      return this;
    }

    /** The mechanisms of SASL, in the order in which they are offered. */
    public Settings mechanisms(List<SaslMechanism> value) {
      mechanisms = List.copyOf(value);
      return this;
    }

    /** Who may do what. */
    public Settings access(AccessPolicy value) {
      access = value;
      return this;
    }

    /** Who hears of each call. */
    public Settings observer(CallObserver value) {
      observer = value;
      return this;
    }

    /** Whether the host's policy lets a user of a UNIX socket in; it may take its time. */
    public Settings polkit(Predicate<Session> value) {
      polkit = value;
      return this;
    }
  }

  /** A server that answers by the handlers of the families. */
  public Server(Settings settings, List<? extends HandlerFamily> families) {
    events = settings.events;
    limits = settings.limits;
    mechanisms = settings.mechanisms;
    access = settings.access;
    polkit = settings.polkit;
    observer = settings.observer;
    connectionProcedures = new ConnectionProcedures(settings.opener, events, limits);
    List<HandlerFamily> all = new ArrayList<>(families);
    all.add(connectionProcedures);
    handlers = HandlerTable.of(all);
    clock =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("libvirt-server-clock").factory());
    clock.setRemoveOnCancelPolicy(true);
  }

  /** Accepts clients at a service, which it owns from now on. */
  public void serve(Service service) {
    synchronized (this) {
      if (closed) {
        service.close();
        return;
      }
      services.add(service);
    }
    Thread.ofVirtual().name("libvirt-accept").start(() -> accept(service));
  }

  private void accept(Service service) {
    try {
      Service.Arrival arrival;
      while ((arrival = service.accept()) != null) {
        Service.Arrival one = arrival;
        if (admit(one)) {
          Thread.ofVirtual().name("libvirt-client").start(() -> attend(one, service));
        } else {
          one.abort();
        }
      }
    } catch (IOException | RuntimeException e) {
      Session.LOG.log(System.Logger.Level.ERROR, service.name() + " accepts no more clients", e);
    }
  }

  /**
   * Counts a client as one that has not authenticated. Where there are too many of them it waits: a
   * crowd of honest ones is soon through, and the oldest of the others has to go. The time that
   * this side takes until it looks at a client is not counted against it.
   */
  private boolean admit(Service.Arrival arrival) {
    while (true) {
      Service.Arrival oldest;
      synchronized (this) {
        if (closed || sessions.size() + anonymous.size() >= limits.clients()) {
          return false;
        }
        if (anonymous.size() < limits.anonymous()) {
          anonymous.put(arrival, null);
          return true;
        }
        oldest = longestAwaited();
        long left =
            oldest == null
                ? GRACE.toNanos()
                : GRACE.toNanos() - (System.nanoTime() - anonymous.get(oldest));
        if (left > 0) {
          try {
            TimeUnit.NANOSECONDS.timedWait(this, left);
          } catch (InterruptedException e) {
            return false;
          }
          continue;
        }
        forget(oldest);
      }
      oldest.abort();
    }
  }

  /** The client that is waited for the longest, null where none is; called with the lock held. */
  private Service.Arrival longestAwaited() {
    Service.Arrival longest = null;
    for (Map.Entry<Service.Arrival, Long> one : anonymous.entrySet()) {
      if (one.getValue() != null
          && (longest == null || one.getValue() - anonymous.get(longest) < 0)) {
        longest = one.getKey();
      }
    }
    return longest;
  }

  /** From now on it is the client that is waited for. */
  private synchronized void await(Service.Arrival arrival) {
    anonymous.replace(arrival, System.nanoTime());
  }

  /** A client is not one that has yet to authenticate, any more; called with the lock held. */
  private boolean forget(Service.Arrival arrival) {
    notifyAll();
    boolean known = arrival != null && anonymous.containsKey(arrival);
    anonymous.remove(arrival);
    return known;
  }

  private void attend(Service.Arrival arrival, Service service) {
    ScheduledFuture<?> deadline = null;
    try {
      Runnable tooLate = () -> Thread.startVirtualThread(() -> expire(arrival));
      await(arrival);
      deadline = clock.schedule(tooLate, limits.login().toNanos(), TimeUnit.NANOSECONDS);
      Transport transport = arrival.establish();
      MessageConnection connection = new MessageConnection(transport);
      Session session = new Session(this, connection, service);
      synchronized (this) {
        sessions.add(session);
        arrivals.put(session, arrival);
        if (closed) {
          arrival.abort();
        }
      }
      connection.whenClosed(() -> left(session));
      if (session.isAuthenticated()) {
        loggedIn(session);
      }
      session.run();
    } catch (IOException e) {
      Session.LOG.log(
          System.Logger.Level.INFO, () -> "refused " + arrival.address() + ": " + e.getMessage());
      arrival.abort();
    } catch (RuntimeException | Error e) {
      Session.LOG.log(System.Logger.Level.ERROR, "failed for " + arrival.address(), e);
      arrival.abort();
    } finally {
      if (deadline != null) {
        deadline.cancel(false);
      }
      synchronized (this) {
        forget(arrival);
      }
    }
  }

  private void expire(Service.Arrival arrival) {
    boolean late;
    synchronized (this) {
      late = forget(arrival);
    }
    if (late) {
      arrival.abort();
    }
  }

  /** A client may have authenticated just now. */
  void loggedIn(Session session) {
    if (session.isAuthenticated()) {
      synchronized (this) {
        forget(arrivals.get(session));
      }
    }
  }

  /** A client is gone. */
  void left(Session session) {
    synchronized (this) {
      sessions.remove(session);
      forget(arrivals.remove(session));
    }
  }

  /** Who is connected. */
  public synchronized List<Session> sessions() {
    return List.copyOf(sessions);
  }

  /** Who wants to hear of events, and where they are told. */
  public Events events() {
    return events;
  }

  Program program(int number) {
    return PROGRAMS.get(number);
  }

  HandlerTable handlers() {
    return handlers;
  }

  ConnectionProcedures connectionProcedures() {
    return connectionProcedures;
  }

  ServerLimits limits() {
    return limits;
  }

  List<SaslMechanism> mechanisms() {
    return mechanisms;
  }

  AccessPolicy access() {
    return access;
  }

  Predicate<Session> polkit() {
    return polkit;
  }

  CallObserver observer() {
    return observer;
  }

  /** Stops accepting, and disconnects everyone. */
  @Override
  public void close() {
    List<Runnable> ends = new ArrayList<>();
    synchronized (this) {
      closed = true;
      services.forEach(service -> ends.add(service::close));
      anonymous.keySet().forEach(arrival -> ends.add(arrival::abort));
      notifyAll();
      sessions.forEach(session -> ends.add(session::disconnect));
    }
    ends.forEach(Runnable::run);
    clock.shutdownNow();
  }
}
