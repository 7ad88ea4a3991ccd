"""The pages whose cells run in the reader's browser."""
