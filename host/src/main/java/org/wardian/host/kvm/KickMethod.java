package org.wardian.host.kvm;

import java.util.Locale;
import org.wardian.host.Descriptor;
import org.wardian.host.HostException;

/** The ways of {@link Kick} that there are, and the choice for this host. */
enum KickMethod {
  /** Task work of an io_uring: no signal at all. */
  IO_URING {
    @Override
    Kick create(Descriptor cpu) {
      return new UringKick();
    }
  },

  /** A real-time signal that is only ever open inside KVM_RUN: no handler runs. */
  SIGNAL {
    @Override
    Kick create(Descriptor cpu) {
      return new SignalKick(cpu);
    }
  };

  /** Set to the name of a method in lower case, "io_uring" or "signal", to force it. */
  static final String PROPERTY = "wardian.kvm.kick";

  abstract Kick create(Descriptor cpu);

  /** The method that this process uses. */
  static KickMethod chosen() {
    return Choice.METHOD;
  }

  /** Tried once, at the first vCPU. */
  private static final class Choice {
    static final KickMethod METHOD = choose();

    private static KickMethod choose() {
      String forced = System.getProperty(PROPERTY, "");
      for (KickMethod method : values()) {
        if (method.name().toLowerCase(Locale.ROOT).equals(forced)) {
          return method;
        }
      }
      if (!forced.isEmpty()) {
        throw new IllegalArgumentException(PROPERTY + " is \"" + forced + "\": io_uring or signal");
      }
      UringKick trial = new UringKick();
      try {
        trial.prepare();
        return IO_URING;
      } catch (HostException forbidden) {
        // Container sandboxes and /proc/sys/kernel/io_uring_disabled refuse it; old kernels lack
        // parts of it.
        return SIGNAL;
      } finally {
        trial.close();
      }
    }
  }
}
