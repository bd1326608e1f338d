package org.wardian.libvirt.server;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/** Which handler answers which procedure. Filled before the server starts, then only read. */
public final class HandlerTable {
  private final Map<Procedure<?, ?>, Handler<?, ?>> handlers = new HashMap<>();

  private HandlerTable() {}

  /** The handlers of several families. */
  public static HandlerTable of(List<? extends HandlerFamily> families) {
    HandlerTable table = new HandlerTable();
    families.forEach(family -> family.register(table));
    return table;
  }

  /**
   * Sets the handler of a procedure.
   *
   * @throws IllegalStateException where it has one
   */
  public <A extends XdrStruct, R extends XdrStruct> void on(
      Procedure<A, R> procedure, Handler<A, R> handler) {
    if (handlers.putIfAbsent(procedure, handler) != null) {
      throw new IllegalStateException(procedure + " has two handlers");
    }
  }

  /** Sets the handler of a procedure without a result. */
  public <A extends XdrStruct> void act(Procedure<A, Nothing> procedure, Handler.Action<A> action) {
    on(
        procedure,
        (call, arguments) -> {
          action.perform(call, arguments);
          return Nothing.NOTHING;
        });
  }

  /** Whether a procedure has a handler. */
  public boolean has(Procedure<?, ?> procedure) {
    return handlers.containsKey(procedure);
  }

  /** Calls the handler of a procedure, which has one, with arguments of its own type. */
  @SuppressWarnings("unchecked") // on() lets only handlers of the procedure's own types in
  XdrStruct call(Procedure<?, ?> procedure, Call call, XdrStruct arguments)
      throws LibvirtException {
    Handler<XdrStruct, XdrStruct> handler = (Handler<XdrStruct, XdrStruct>) handlers.get(procedure);
    return handler.handle(call, arguments);
  }
}
