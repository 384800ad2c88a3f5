from reportgen.data.source import Request, Source
def read(request: Request) -> Source: raise NotImplementedError
def identity(request: Request) -> str: raise NotImplementedError
