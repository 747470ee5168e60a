#!/usr/bin/env python3
"""Thirty-two pulls at once in one process, through the C API: what that process needs at its peak is what is measured.

  crowd.py LIBRARY ENDPOINT REFERENCE FILE
"""
import ctypes
import os
import sys
import threading


def main():
    path, endpoint, reference, file = sys.argv[1:]
    library = ctypes.CDLL(path)
    for name in ("mcjr_config_new", "mcjr_error_message"):
        getattr(library, name).restype = ctypes.c_void_p
    config, client, error = ctypes.c_void_p(library.mcjr_config_new()), ctypes.c_void_p(), ctypes.c_void_p()
    library.mcjr_config_set(config, b"endpoint", endpoint.encode())
    if library.mcjr_client_new(config, ctypes.byref(client), ctypes.byref(error)):
        raise SystemExit("no client")
    failed = []

    def pull(number):
        result, error = ctypes.c_void_p(), ctypes.c_void_p()
        name = f"{file}.{number}"
        if library.mcjr_pull_image(client, reference.encode(), name.encode(), None, ctypes.byref(result), ctypes.byref(error)):
            failed.append(ctypes.string_at(library.mcjr_error_message(error)).decode())
        library.mcjr_result_free(result)
        if os.path.exists(name):
            os.unlink(name)

    threads = [threading.Thread(target=pull, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(failed[0])
    open(file, "w").close()


main()
