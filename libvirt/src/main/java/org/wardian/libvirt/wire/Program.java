package org.wardian.libvirt.wire;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrReader;
import org.wardian.libvirt.xdr.XdrStruct;

/** A group of procedures with a number of its own. Its subclasses are generated. */
public abstract class Program {
  private final Entries entries;

  /** What a program consists of, while it is put together. */
  protected static final class Entries {
    private final String name;
    private final int number;
    private final int version;
    private final Map<Integer, Procedure<?, ?>> procedures = new TreeMap<>();
    private final Map<Integer, EventMessage<?>> events = new TreeMap<>();

    /** An empty program. */
    public Entries(String name, int number, int version) {
      this.name = name;
      this.number = number;
      this.version = version;
    }

    /** Adds a procedure; without a word about read-only connections its permissions decide. */
    public <A extends XdrStruct, R extends XdrStruct> Procedure<A, R> call(
        int procedure,
        String procedureName,
        Procedure.Priority priority,
        Procedure.ReadOnly readOnly,
        String permissions,
        String function,
        Procedure.StreamWay stream,
        Procedure.DescriptorWay descriptors) {
      List<String> needed = List.of(permissions.split(","));
      Procedure.ReadOnly access = readOnly;
      if (access == null) {
        access =
            Procedure.harmless(needed) ? Procedure.ReadOnly.ALLOWED : Procedure.ReadOnly.DENIED;
      }
      Procedure<A, R> entry =
          new Procedure<>(
              number,
              procedure,
              procedureName,
              priority,
              access,
              needed,
              function,
              stream,
              descriptors);
      procedures.put(procedure, entry);
      return entry;
    }

    /** Adds an event. */
    public <M extends XdrStruct> EventMessage<M> event(int event, String eventName) {
      EventMessage<M> entry = new EventMessage<>(number, event, eventName);
      events.put(event, entry);
      return entry;
    }
  }

  /** A program of the given entries. */
  protected Program(Entries entries) {
    this.entries = entries;
  }

  /** Its name. */
  public final String name() {
    return entries.name;
  }

  /** Its number. */
  public final int number() {
    return entries.number;
  }

  /** Its version. */
  public final int version() {
    return entries.version;
  }

  /** The procedure of a number; null where there is none, or it is an event. */
  public final Procedure<?, ?> procedure(int number) {
    return entries.procedures.get(number);
  }

  /** The event of a number; null where there is none, or it is a procedure. */
  public final EventMessage<?> event(int number) {
    return entries.events.get(number);
  }

  /** All procedures, by number. */
  public final Collection<Procedure<?, ?>> procedures() {
    return Collections.unmodifiableCollection(entries.procedures.values());
  }

  /** All events, by number. */
  public final Collection<EventMessage<?>> events() {
    return Collections.unmodifiableCollection(entries.events.values());
  }

  /** Reads the arguments of procedure {@code number}, which exists. */
  public abstract XdrStruct readArguments(int number, XdrReader in) throws XdrException;

  /** Reads the result of procedure {@code number}, which exists. */
  public abstract XdrStruct readResult(int number, XdrReader in) throws XdrException;

  /** Reads the structure of event {@code number}, which exists. */
  public abstract XdrStruct readEvent(int number, XdrReader in) throws XdrException;

  /** Refuses a number that has no such structure. */
  protected final XdrException unknown(int number) {
    return new XdrException("the program " + name() + " has no such procedure: " + number);
  }

  @Override
  public String toString() {
    return name();
  }
}
