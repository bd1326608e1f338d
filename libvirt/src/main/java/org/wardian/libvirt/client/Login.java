package org.wardian.libvirt.client;

import java.util.Arrays;
import java.util.List;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.sasl.SaslException;
import org.wardian.libvirt.sasl.SaslExchange;
import org.wardian.libvirt.sasl.ScramClient;
import org.wardian.libvirt.sasl.ScramServer;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.remote.AuthSaslStartArgs;
import org.wardian.libvirt.wire.remote.AuthSaslStartRet;
import org.wardian.libvirt.wire.remote.AuthSaslStepArgs;
import org.wardian.libvirt.wire.remote.AuthSaslStepRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Authenticates a client in the way that the daemon asks for. */
final class Login {
  private static final int NONE = 0;
  private static final int SASL = 1;
  private static final int POLKIT = 2;
  private static final byte[] NO_BYTES = {};

  private final RpcClient rpc;
  private final ConnectOptions options;

  Login(RpcClient rpc, ConnectOptions options) {
    this.rpc = rpc;
    this.options = options;
  }

  void perform() throws LibvirtException {
    int[] types = rpc.call(RemoteProgram.AUTH_LIST, Nothing.NOTHING).types();
    if (types.length == 0 || types[0] == NONE) {
      return;
    }
    switch (types[0]) {
      case SASL -> sasl();
      case POLKIT -> rpc.call(RemoteProgram.AUTH_POLKIT, Nothing.NOTHING);
      default -> throw failure("the daemon asks for authentication of kind " + types[0], null);
    }
  }

  private static LibvirtException failure(String why, Throwable cause) {
    return new LibvirtException(ErrorNumber.AUTH_FAILED, ErrorDomain.AUTH, why, cause);
  }

  private void sasl() throws LibvirtException {
    List<String> mechanisms =
        Arrays.asList(
            rpc.call(RemoteProgram.AUTH_SASL_INIT, Nothing.NOTHING).mechlist().split(","));
    if (!mechanisms.contains(ScramServer.NAME)) {
      throw failure(
          "the daemon offers " + mechanisms + ", and only " + ScramServer.NAME + " is known here",
          null);
    }
    if (options.user() == null || options.password() == null) {
      throw failure("the daemon asks for a name and a password, and none was given", null);
    }
    try {
      exchange(new ScramClient(options.user(), options.password()));
    } catch (SaslException e) {
      throw failure(e.getMessage(), e);
    }
  }

  private void exchange(SaslExchange exchange) throws LibvirtException, SaslException {
    AuthSaslStartRet first =
        rpc.call(
            RemoteProgram.AUTH_SASL_START,
            new AuthSaslStartArgs(ScramServer.NAME, 0, exchange.respond(null)));
    boolean complete = first.complete() != 0;
    byte[] data = first.nil() != 0 ? null : first.data();
    while (!complete || !exchange.isComplete()) {
      byte[] answer = exchange.respond(data);
      if (complete) {
        continue;
      }
      AuthSaslStepRet next =
          rpc.call(
              RemoteProgram.AUTH_SASL_STEP,
              new AuthSaslStepArgs(answer == null ? 1 : 0, answer == null ? NO_BYTES : answer));
      complete = next.complete() != 0;
      data = next.nil() != 0 ? null : next.data();
    }
  }
}
