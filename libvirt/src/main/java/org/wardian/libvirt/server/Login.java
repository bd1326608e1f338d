package org.wardian.libvirt.server;

import java.util.List;
import java.util.stream.Collectors;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.SecurityLayer;
import org.wardian.libvirt.sasl.SaslException;
import org.wardian.libvirt.sasl.SaslExchange;
import org.wardian.libvirt.sasl.SaslMechanism;
import org.wardian.libvirt.wire.remote.AuthListRet;
import org.wardian.libvirt.wire.remote.AuthPolkitRet;
import org.wardian.libvirt.wire.remote.AuthSaslInitRet;
import org.wardian.libvirt.wire.remote.AuthSaslStartArgs;
import org.wardian.libvirt.wire.remote.AuthSaslStartRet;
import org.wardian.libvirt.wire.remote.AuthSaslStepArgs;
import org.wardian.libvirt.wire.remote.AuthSaslStepRet;

/** How far a client has authenticated. Its calls come one at a time until it has. */
final class Login {
  private static final int MOST_FAILURES = 3;
  private static final byte[] NO_BYTES = {};

  private final Session session;
  private final List<AuthenticationType> types;
  private final List<SaslMechanism> mechanisms;
  private SaslExchange exchange;
  private SecurityLayer layer;
  private int failures;
  private volatile boolean done;
  private volatile String user;

  Login(Session session, List<AuthenticationType> types, List<SaslMechanism> mechanisms) {
    this.session = session;
    this.types = types.isEmpty() ? List.of(AuthenticationType.NONE) : types;
    this.mechanisms =
        mechanisms.stream().filter(mechanism -> mechanism.isFor(session.peer())).toList();
    done = this.types.contains(AuthenticationType.NONE);
  }

  boolean isDone() {
    return done;
  }

  String user() {
    return user;
  }

  AuthListRet list() {
    return new AuthListRet(types.stream().mapToInt(AuthenticationType::ordinal).toArray());
  }

  private void require(AuthenticationType type) throws LibvirtException {
    if (done || !types.contains(type)) {
      throw refusal("authentication failed", null);
    }
  }

  AuthSaslInitRet init() throws LibvirtException {
    require(AuthenticationType.SASL);
    return new AuthSaslInitRet(
        mechanisms.stream().map(SaslMechanism::name).collect(Collectors.joining(",")));
  }

  AuthSaslStartRet start(AuthSaslStartArgs args) throws LibvirtException {
    require(AuthenticationType.SASL);
    SaslMechanism chosen =
        mechanisms.stream()
            .filter(mechanism -> mechanism.name().equals(args.mech()))
            .findFirst()
            .orElseThrow(() -> refusal("the mechanism is not offered", null));
    exchange = chosen.begin();
    byte[] answer = respond(args.nil() != 0 ? null : args.data());
    return new AuthSaslStartRet(
        done ? 1 : 0, answer == null ? 1 : 0, answer == null ? NO_BYTES : answer);
  }

  AuthSaslStepRet step(AuthSaslStepArgs args) throws LibvirtException {
    require(AuthenticationType.SASL);
    if (exchange == null) {
      throw refusal("no mechanism was started", null);
    }
    byte[] answer = respond(args.nil() != 0 ? null : args.data());
    return new AuthSaslStepRet(
        done ? 1 : 0, answer == null ? 1 : 0, answer == null ? NO_BYTES : answer);
  }

  private byte[] respond(byte[] data) throws LibvirtException {
    try {
      byte[] answer = exchange.respond(data);
      if (exchange.isComplete()) {
        user = exchange.user();
        layer = exchange.layer();
        done = true;
        exchange = null;
      }
      return answer;
    } catch (SaslException e) {
      exchange = null;
      throw refusal("authentication failed", e);
    }
  }

  /** Whom the host's policy lets in is for the daemon's own rules to say; root never comes here. */
  AuthPolkitRet polkit() throws LibvirtException {
    require(AuthenticationType.POLKIT);
    if (!session.server().polkit().test(session)) {
      failed();
      throw new LibvirtException(
          ErrorNumber.AUTH_UNAVAILABLE,
          ErrorDomain.POLKIT,
          "no polkit agent available to authenticate action 'org.libvirt.unix."
              + (session.isReadOnly() ? "monitor'" : "manage'"));
    }
    done = true;
    return new AuthPolkitRet(1);
  }

  private LibvirtException refusal(String why, Throwable cause) {
    failed();
    return new LibvirtException(ErrorNumber.AUTH_FAILED, ErrorDomain.RPC, why, cause);
  }

  private void failed() {
    Session.LOG.log(
        System.Logger.Level.INFO, () -> "authentication failed for " + session.peer().address());
    if (++failures >= MOST_FAILURES) {
      session.connection().closeSoon();
    }
  }

  /** The layer that begins after the reply; once. */
  SecurityLayer takeLayer() {
    SecurityLayer taken = layer;
    layer = null;
    return taken;
  }
}
