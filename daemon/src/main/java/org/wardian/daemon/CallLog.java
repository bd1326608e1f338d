package org.wardian.daemon;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.AccessPolicy;
import org.wardian.libvirt.server.CallObserver;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Between a server and who says what may be done: while a call is worked on, lines of the log say
 * for whom and about what, and a call that fails is a line itself. What the daemon itself is to
 * blame for is a warning; what a client asked for in vain is told at level debug.
 */
final class CallLog implements AccessPolicy, CallObserver {
  private static final System.Logger LOG = System.getLogger(CallLog.class.getName());

  private final AccessPolicy access;
  private final AtomicLong last = new AtomicLong();
  private final Map<Session, Long> numbers = Collections.synchronizedMap(new WeakHashMap<>());

  CallLog(AccessPolicy access) {
    this.access = access;
  }

  private long number(Session session) {
    return numbers.computeIfAbsent(session, one -> last.incrementAndGet());
  }

  @Override
  public void check(Session session, Procedure<?, ?> procedure, XdrStruct arguments)
      throws LibvirtException {
    LogContext.begin(number(session), arguments);
    access.check(session, procedure, arguments);
  }

  @Override
  public void finished(
      Session session,
      Procedure<?, ?> procedure,
      XdrStruct arguments,
      LibvirtException failure,
      long nanoseconds) {
    LogContext.end();
    if (failure != null) {
      System.Logger.Level level =
          failure.is(ErrorNumber.INTERNAL_ERROR)
              ? System.Logger.Level.WARNING
              : System.Logger.Level.DEBUG;
      LogContext.failed(
          number(session),
          arguments,
          failure.code(),
          () -> LOG.log(level, procedure.function() + ": " + failure.getMessage()));
    }
  }
}
