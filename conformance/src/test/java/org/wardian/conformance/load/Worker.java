package org.wardian.conformance.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Somebody who changes objects that are his alone, and knows what each has to be: what the daemon
 * has acknowledged, or, where it was killed during a call, what that call was to make of it.
 *
 * @param <T> an object's state
 */
abstract class Worker<T> {
  /** An object. */
  final class Thing {
    final String name;

    /** What the daemon has said that it is. */
    private T certain;

    /** What a call that had no answer was to make of it. */
    private T attempt;

    /** What else it may be. */
    private final List<T> others = new ArrayList<>();

    Thing(String name, T certain) {
      this.name = name;
      this.certain = certain;
      attempt = certain;
    }

    T certain() {
      return certain;
    }

    /** Makes a call that is to change it. */
    void change(T target, Action action) throws LibvirtException {
      attempt = target;
      action.run();
      certain = target;
    }

    /** Another state is right as well: its machine was killed, say. */
    void mayBe(T other) {
      others.add(other);
    }
  }

  /** A call. */
  interface Action {
    /** Makes it. */
    void run() throws LibvirtException;
  }

  final List<Thing> things = new ArrayList<>();
  private int calls;
  private int refusals;

  /** Makes one change of one thing. */
  abstract void step(Connection connection, Thing thing, Random random) throws LibvirtException;

  /** What a thing is. */
  abstract T look(Connection connection, Thing thing) throws LibvirtException;

  /** What else has to hold; each line is a fault. */
  List<String> faults(Connection connection) throws LibvirtException, Exception {
    return List.of();
  }

  /** Works until the daemon is gone, or the time has come. */
  final void work(String uri, Random random, java.util.function.BooleanSupplier isOver)
      throws LibvirtException {
    Connection connection;
    try {
      connection = Connection.open(uri);
    } catch (LibvirtException killed) {
      return; // Before it had answered; whoever looks next finds out if it was not.
    }
    try (connection) {
      while (!isOver.getAsBoolean()) {
        calls++;
        try {
          step(connection, things.get(random.nextInt(things.size())), random);
        } catch (LibvirtException e) {
          if (!connection.isAlive() || e.is(ErrorNumber.RPC)) {
            return;
          }
          refusals++;
          refused(e);
        }
      }
    }
  }

  /** A call was refused; by default nothing may be. */
  void refused(LibvirtException e) {
    unexpected.add(getClass().getSimpleName() + " is refused: " + e.getMessage());
  }

  final List<String> unexpected = new ArrayList<>();

  /** Compares all things with what they have to be, which they are from now on. */
  final List<String> check(Connection connection) throws Exception {
    List<String> faults = new ArrayList<>(unexpected);
    unexpected.clear();
    for (Thing thing : things) {
      T is = look(connection, thing);
      if (!Objects.equals(is, thing.certain)
          && !Objects.equals(is, thing.attempt)
          && !thing.others.contains(is)) {
        faults.add(
            getClass().getSimpleName()
                + ": "
                + thing.name
                + " is "
                + is
                + ", was "
                + thing.certain
                + ", last wanted "
                + thing.attempt);
      }
      thing.certain = is;
      thing.attempt = is;
      thing.others.clear();
    }
    faults.addAll(faults(connection));
    return faults;
  }

  /** What it has done. */
  final String summary() {
    return getClass().getSimpleName() + " " + calls + " calls, " + refusals + " refused";
  }
}
